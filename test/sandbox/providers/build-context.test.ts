import { expect } from "chai";
import * as fs from "node:fs";
import * as path from "node:path";
import { BuildCache } from "../../../sandbox/providers/docker-build/build-cache";
import type { BuildRequest } from "../../../sandbox/providers/docker-build/buildah";
import { hashContext } from "../../../sandbox/providers/docker-build/context-hash";
import { parseIgnore } from "../../../sandbox/providers/docker-build/ignore";
import { createProject } from "./build-project";
import { rejection } from "./support";

describe("docker-build stand-in: .dockerignore", () => {
  const ignored = (text: string, ...files: string[]) => files.filter(parseIgnore(text));

  it("matches names, folders with all that is in them, and patterns within one folder", () => {
    expect(ignored("a\n/sub/\n*.log\n", "a", "b/a", "sub/x/y", "one.log", "b/two.log")).to.deep.equal([
      "a",
      "sub/x/y",
      "one.log",
    ]);
  });

  it("matches at any depth after two asterisks", () => {
    expect(ignored("**/*.log", "one.log", "b/c/two.log", "log")).to.deep.equal(["one.log", "b/c/two.log"]);
  });

  it("lets the last line decide, and takes files in again after an exclamation mark", () => {
    expect(ignored("*\n!keep\n", "keep", "other")).to.deep.equal(["other"]);
    expect(ignored("!keep\n*\n", "keep", "other")).to.deep.equal(["keep", "other"]);
  });

  it("skips comments and empty lines, and knows ranges and single characters", () => {
    expect(ignored("# a\n\n[xy]?\n", "# a", "a", "x1", "z1", "x12")).to.deep.equal(["x1"]);
  });
});

describe("docker-build stand-in: context hash", () => {
  let project: ReturnType<typeof createProject>;
  let before: string;
  beforeEach(async () => {
    project = createProject();
    before = await project.hash();
  });
  afterEach(() => fs.rmSync(project.folder, { recursive: true }));
  const at = (name: string) => path.join(project.folder, name);

  it("stays for the same content, in whatever place and of whatever age", async () => {
    fs.utimesSync(at("image/a"), 1, 1);
    expect(await project.hash()).to.equal(before);
    fs.cpSync(at("image"), at("copy"), { recursive: true });
    expect(await hashContext(at("copy"), at("copy/Dockerfile"))).to.equal(before);
  });

  const changes: Record<string, () => void> = {
    "a file's content": () => project.write("image/sub/b", "3"),
    "a file's name": () => fs.renameSync(at("image/a"), at("image/c")),
    "a file's mode": () => fs.chmodSync(at("image/a"), 0o755),
    "a new file": () => project.write("image/c", ""),
    "a missing file": () => fs.rmSync(at("image/a")),
    "the Dockerfile": () => project.write("image/Dockerfile", "FROM other\n"),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`changes with ${what}`, async () => {
      change();
      expect(await project.hash()).not.to.equal(before);
    });
  }

  it("follows content that moves over a file's end", async () => {
    project.write("image/a", "12");
    project.write("image/b", "3");
    const one = await project.hash();
    project.write("image/a", "1");
    project.write("image/b", "23");
    expect(await project.hash()).not.to.equal(one);
  });

  it("leaves out what is ignored, but never the Dockerfile", async () => {
    project.write("image/.dockerignore", "*\n!a\n!.dockerignore\n");
    const ignoring = await project.hash();
    project.write("image/sub/b", "other");
    expect(await project.hash()).to.equal(ignoring);
    project.write("image/a", "other");
    expect(await project.hash()).not.to.equal(ignoring);
    const changed = await project.hash();
    project.write("image/Dockerfile", "FROM other\n");
    expect(await project.hash()).not.to.equal(changed);
  });

  it("prefers the Dockerfile's own ignore file", async () => {
    project.write("image/.dockerignore", "sub\n");
    project.write("image/Dockerfile.dockerignore", "a\n");
    const one = await project.hash();
    project.write("image/a", "other");
    expect(await project.hash()).to.equal(one);
    project.write("image/sub/b", "other");
    expect(await project.hash()).not.to.equal(one);
  });

  it("names a link that leads nowhere", async () => {
    fs.symlinkSync("nowhere", at("image/link"));
    expect((await rejection(project.hash())).message).to.equal('could not open "link"');
  });
});

describe("docker-build stand-in: build cache", () => {
  let project: ReturnType<typeof createProject>;
  beforeEach(() => (project = createProject()));
  afterEach(() => fs.rmSync(project.folder, { recursive: true }));

  it("gives the image of before where nothing changed that counts", async () => {
    const cache = new BuildCache();
    const at = (name: string) => path.join(project.folder, name);
    const request = (over: Partial<BuildRequest> = {}): BuildRequest => ({
      context: at("image"),
      dockerfile: at("image/Dockerfile"),
      buildArgs: { TAKEN: "1" },
      labels: {},
      tags: ["registry/jobs:a"],
      push: true,
      compression: "gzip",
      onOutput: () => {},
      signal: new AbortController().signal,
      ...over,
    });
    project.write("image/.dockerignore", "Dockerfile\n.dockerignore\n");
    project.write("image/Dockerfile", "FROM base\nARG TAKEN\nCOPY . /\n");
    await cache.keep(request(), "sha256:1");
    project.write("image/Dockerfile", "# why\nFROM base\nARG TAKEN\n  # how\nCOPY . /\n");
    const same = request({ tags: ["registry/jobs:b"], buildArgs: { TAKEN: "1", OTHER: "2" } });
    expect(await cache.find(same)).to.equal("sha256:1");
    for (const over of [
      { buildArgs: { TAKEN: "2" } },
      { compression: "zstd" as const },
      { tags: ["registry/other:a"] },
    ]) {
      expect(await cache.find(request(over))).to.equal(undefined);
    }
    project.write("image/a", "other");
    expect(await cache.find(request())).to.equal(undefined);
  });
});
