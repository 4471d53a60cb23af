import { expect } from "chai";
import * as fs from "node:fs";
import * as path from "node:path";
import { dockerBuildPackage } from "../../../sandbox/providers/docker-build";
import { explainMissing, type BuildRequest } from "../../../sandbox/providers/docker-build/buildah";
import { mapRegistry, type Credentials } from "../../../sandbox/providers/docker-build/registry";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import { makeSecret, UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createProject } from "./build-project";
import { createContext } from "./support";

describe("docker-build stand-in: Image", () => {
  const repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/jobs";
  const tag = `${repository}:latest`;
  const registries = (password: string): Props[] => [{ address: "https://registry", username: "AWS", password }];
  let project: ReturnType<typeof createProject>;
  let builds: BuildRequest[];
  let pushed: Set<string>;
  let removed: string[];
  let image: Required<Resource>;
  const { context } = createContext({ name: "image" });
  beforeEach(() => {
    project = createProject();
    builds = [];
    pushed = new Set();
    removed = [];
    const builder = {
      async build(request: BuildRequest) {
        builds.push(request);
        const digest = `sha256:${builds.length}`;
        if (!request.push) return undefined;
        pushed.add(digest);
        return digest;
      },
      async inspect(_tag: string, digest: string, credentials?: Credentials) {
        if (credentials?.password === "expired") throw new Error("403 your authorization token has expired");
        if (!pushed.has(digest)) throw new Error("404 not found");
      },
      async remove(where: string, digest: string, credentials?: Credentials) {
        if (credentials?.password === "expired") throw new Error("403 your authorization token has expired");
        removed.push(`${where}@${digest}`);
      },
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

  it("names whole properties, and builds each time where the base is pulled", async () => {
    const old = await create({ ...news, buildArgs: { A: "1", B: "1" } });
    const changed = { ...news, buildArgs: { A: "2", B: "1" }, tags: [`${repository}:other`], target: "t" };
    expect(await diff(old, changed)).to.deep.equal(["buildArgs", "tags", "target", "registries"]);
    const pulling = await create({ ...news, pull: true });
    expect(await diff(pulling, { ...news, pull: true, registries: registries("p2") })).to.deep.equal(["contextHash"]);
  });

  it("builds nothing in a preview, and leaves open what a build would tell", async () => {
    const old = await create();
    await lifecycle.create(image, { inputs: old.inputs, preview: true }, context);
    const request = { id: old.id, state: old.outputs, oldInputs: old.inputs, news: old.inputs, preview: true };
    const outputs = await lifecycle.update(image, request, context);
    expect(outputs).to.include({ digest: UNKNOWN, ref: UNKNOWN, contextHash: UNKNOWN });
    expect(builds).to.have.length(1);
  });

  it("keeps what the registry still shows, asked with the password of the last deployment", async () => {
    const { id, outputs } = await create();
    const { context: asking, warnings } = createContext();
    const read = (inputs: Props) => lifecycle.read(image, { id, state: outputs, inputs }, asking);
    // The state has the password that the image was pushed with, the inputs that of the last deployment.
    const old = { ...outputs, registries: registries("expired") };
    const inputs = { ...news, registries: registries("p2") };
    expect((await lifecycle.read(image, { id, state: old, inputs }, asking)).id).to.equal(id);
    expect(warnings).to.deep.equal([]);
    expect((await read({ ...news, registries: registries("expired") })).id).to.equal("");
    expect(warnings.join()).to.contain("expired");
    pushed.clear();
    expect((await read({ ...news, registries: registries("p2") })).id).to.equal("");
  });

  it("deletes the manifest with the image, whoever else uses it, unless the state's password has expired", async () => {
    const { id, outputs } = await create();
    await lifecycle.remove(image, { id, state: { ...outputs, registries: registries("expired") } }, context);
    expect(removed).to.deep.equal([]);
    await lifecycle.remove(image, { id, state: outputs }, context);
    expect(removed).to.deep.equal([`${repository}@sha256:1`]);
  });

  it("exports to a registry, with the compression that is asked for", async () => {
    const exports = [{ registry: { push: true, compression: "zstd" } }];
    const { id } = await create({ ...news, push: false, exports });
    expect(id).to.equal("sha256:1");
    expect(builds[0]).to.deep.include({ push: true, compression: "zstd" });
    expect(builds[0].credentials).to.deep.equal({ username: "AWS", password: "p1" });
    await create();
    expect(builds[1]).to.include({ push: true, compression: "gzip" });
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
    expect(await failures({ push: false, exports: [{ local: { dest: "." } }] })).to.deep.equal(["exports"]);
    expect(await failures({ exports: [{ registry: {} }] })).to.deep.equal(["exports"]);
    project.write("image/Dockerfile", "RUN true\n");
    expect(await failures({})).to.deep.equal(["dockerfile.location"]);
  });

  it("tells which packages there are where one is asked for that the sandbox does not have", () => {
    const files = ["git-lfs-3.3.0-r0.apk", "APKINDEX.tar.gz", "openssh-9.2_p1-r0.apk"];
    const missing = new Error("ERROR: unable to select packages:\n  nodejs (no such package)");
    expect(explainMissing(missing, files).message).to.match(/nodejs[\s\S]*no other packages than git-lfs, openssh;/);
    const other = new Error("no space left");
    expect(explainMissing(other, files)).to.equal(other);
  });

  it("puts the local registry in the place of ECR alone", () => {
    expect(mapRegistry(tag, "127.0.0.1:5055")).to.equal("127.0.0.1:5055/jobs:latest");
    expect(mapRegistry("docker.io/library/alpine:3", "127.0.0.1:5055")).to.equal("docker.io/library/alpine:3");
  });
});
