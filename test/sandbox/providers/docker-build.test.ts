import { expect } from "chai";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerBuildPackage } from "../../../sandbox/providers/docker-build";
import { mapRegistry, type BuildRequest } from "../../../sandbox/providers/docker-build/buildah";
import { hashContext } from "../../../sandbox/providers/docker-build/context-hash";
import { parseIgnore } from "../../../sandbox/providers/docker-build/ignore";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import { makeSecret, UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createContext, rejection } from "./support";

/** A folder with a small build context in `image`. */
function createProject() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "build-"));
  const write = (name: string, content: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  };
  write("image/Dockerfile", "FROM base\nCOPY . /\n");
  write("image/a", "1");
  write("image/sub/b", "2");
  return { folder, write, hash: () => hashContext(path.join(folder, "image"), path.join(folder, "image/Dockerfile")) };
}

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

describe("docker-build stand-in: Image", () => {
  const repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/jobs";
  const tag = `${repository}:latest`;
  const registries = (password: string): Props[] => [{ address: "https://registry", username: "AWS", password }];
  let project: ReturnType<typeof createProject>;
  let builds: BuildRequest[];
  let pushed: Set<string>;
  let image: Required<Resource>;
  const { context } = createContext({ name: "image" });
  beforeEach(() => {
    project = createProject();
    builds = [];
    pushed = new Set();
    const builder = {
      async build(request: BuildRequest) {
        builds.push(request);
        const digest = `sha256:${builds.length}`;
        if (!request.push) return undefined;
        pushed.add(digest);
        return digest;
      },
      exists: async (_tag: string, digest: string) => pushed.has(digest),
    };
    const { resources } = dockerBuildPackage({ workDir: project.folder, builder });
    image = resources["docker-build:index:Image"] as Required<Resource>;
  });
  afterEach(() => fs.rmSync(project.folder, { recursive: true }));

  const news: Props = {
    context: { location: "image" },
    dockerfile: {},
    push: true,
    tags: [tag],
    buildOnPreview: false,
  };
  const check = async (inputs: Props) =>
    lifecycle.check(image, { news: inputs, randomSeed: new Uint8Array() }, context);
  const create = async (inputs: Props = news) => {
    const checked = (await check({ ...inputs, registries: registries("p1") })).inputs;
    const { id, outputs } = await lifecycle.create(image, { inputs: checked, preview: false }, context);
    return { id, outputs, inputs: checked };
  };
  const diff = async (old: { outputs: Props; inputs: Props }, inputs: Props) => {
    const request = { state: old.outputs, oldInputs: old.inputs, news: (await check(inputs)).inputs };
    return (await lifecycle.diff(image, request, context)).changes.map(
      ({ path: name, replace }) => `${name}${replace ? "!" : ""}`,
    );
  };

  it("builds from the work directory and returns digest, reference and hash", async () => {
    const { id, outputs } = await create({ ...news, buildArgs: { A: "1" }, platforms: ["linux/amd64"], target: "t" });
    expect(builds).to.have.length(1);
    expect(builds[0]).to.include({
      context: path.join(project.folder, "image"),
      dockerfile: path.join(project.folder, "image/Dockerfile"),
      platform: "linux/amd64",
      target: "t",
      push: true,
    });
    expect(builds[0].buildArgs).to.deep.equal({ A: "1" });
    expect(id).to.equal("sha256:1");
    expect(outputs).to.include({ digest: "sha256:1", ref: `${tag}@sha256:1`, contextHash: await project.hash() });
  });

  it("keeps the registry's password secret, and takes a new one for no change", async () => {
    const old = await create();
    expect(old.outputs.registries).to.deep.equal([{ ...registries("p1")[0], password: makeSecret("p1") }]);
    expect(await diff(old, { ...news, registries: registries("p2") })).to.deep.equal([]);
    const other = [{ ...registries("p1")[0], username: "other" }];
    expect(await diff(old, { ...news, registries: other })).to.deep.equal(["registries"]);
  });

  it("updates for a changed context or argument, and replaces for nothing", async () => {
    const old = await create();
    const same = { ...news, registries: registries("p1") };
    expect(await diff(old, same)).to.deep.equal([]);
    expect(await diff(old, { ...same, buildArgs: { A: "2" } })).to.deep.equal(["buildArgs"]);
    project.write("image/a", "other");
    expect(await diff(old, same)).to.deep.equal(["contextHash"]);
  });

  it("builds nothing in a preview, and leaves open what a build would tell", async () => {
    const old = await create();
    await lifecycle.create(image, { inputs: old.inputs, preview: true }, context);
    const request = { id: old.id, state: old.outputs, oldInputs: old.inputs, news: old.inputs, preview: true };
    const outputs = await lifecycle.update(image, request, context);
    expect(outputs).to.include({ digest: UNKNOWN, ref: UNKNOWN, contextHash: UNKNOWN });
    expect(builds).to.have.length(1);
  });

  it("notices that the registry has lost an image, and leaves the state alone where it cannot be asked", async () => {
    const { outputs } = await create();
    expect(await image.read("id", outputs, context)).to.deep.equal(outputs);
    pushed.clear();
    expect(await image.read("id", outputs, context)).to.equal(undefined);
    const { warnings, context: asking } = createContext();
    const builder = { build: async () => undefined, exists: () => Promise.reject(new Error("no answer")) };
    const { resources } = dockerBuildPackage({ workDir: project.folder, builder });
    const blind = resources["docker-build:index:Image"] as Required<Resource>;
    expect(await blind.read("id", outputs, asking)).to.deep.equal(outputs);
    expect(warnings).to.have.length(1);
  });

  it("refuses missing folders and files, Dockerfiles without a base, and what it cannot build", async () => {
    const failures = async (inputs: Props) =>
      (await check({ ...news, ...inputs })).failures.map(({ property }) => property);
    expect(await failures({})).to.deep.equal([]);
    expect(await failures({ context: { location: "nowhere" } })).to.deep.equal(["context.location"]);
    expect(await failures({ dockerfile: { location: "image/Other" } })).to.deep.equal(["dockerfile.location"]);
    expect(await failures({ context: { location: UNKNOWN } })).to.deep.equal([]);
    expect(await failures({ platforms: ["linux/amd64", "linux/arm64"] })).to.deep.equal(["platforms"]);
    expect(await failures({ secrets: { a: "b" } })).to.deep.equal(["secrets"]);
    project.write("image/Dockerfile", "RUN true\n");
    expect(await failures({})).to.deep.equal(["dockerfile.location"]);
  });

  it("puts the local registry in the place of ECR alone", () => {
    expect(mapRegistry(tag, "127.0.0.1:5055")).to.equal("127.0.0.1:5055/jobs:latest");
    expect(mapRegistry("docker.io/library/alpine:3", "127.0.0.1:5055")).to.equal("docker.io/library/alpine:3");
  });
});
