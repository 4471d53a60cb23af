/** What a deployment says while it runs, and what it needs before. */
import { expect } from "chai";
import { requireBuilder } from "../../automation/builder";
import type { Change, Op } from "../../automation/changes";
import { lastWords } from "../../automation/last-words";
import { holders } from "../../automation/lock";
import { buildsImage, imagePlatform } from "../../automation/meaning";
import { createProgress } from "../../automation/progress";
import { refusedAsProtected } from "../../automation/protected";
import type { Value } from "../../automation/values";
import { recorded } from "./support";

describe("progress", () => {
  const lines = (name: string, mode: "preview" | "deploy") => {
    const progress = createProgress(mode);
    return recorded(name)
      .map(progress)
      .filter((line) => line !== undefined);
  };

  it("tells a deployment's steps as they start and end", () => {
    expect(lines("up-group-added", "deploy")).to.deep.equal([
      "  add runner for acme/frontend …",
      "  add runner for acme/frontend: done in 0 s",
      "  change config.toml on gitlab-runners-host …",
      "  change config.toml on gitlab-runners-host: done in 0 s",
    ]);
  });

  it("tells each of a preview's changes once", () => {
    const all = lines("host-replaced", "preview");
    expect(all.filter((line) => line === "  replace host gitlab-runners-host")).to.have.length(1);
    expect(new Set(all).size).to.equal(all.length);
  });

  it("tells errors, without credentials", () => {
    const event = {
      sequence: 1,
      timestamp: 0,
      diagnosticEvent: { severity: "error" as const, color: "never", message: "401 for glpat-abcdefgh123\n" },
    };
    expect(createProgress("deploy")(event)).to.equal("error: 401 for [secret]");
    expect(createProgress("preview")(event), "told at the end").to.equal(undefined);
  });
});

describe("a protected stack", () => {
  it("is not destroyed: what is protected, by which setting, and the way out are told once", () => {
    const refused = refusedAsProtected("prod", { events: recorded("destroy-protected") })!;
    expect(refused).to.match(
      /^stack prod is not destroyed, and nothing has been taken down: gitlab-fargate-runners:protect keeps/,
    );
    expect(refused.match(/bucket gitlab-runners-cache/g)).to.have.length(1);
    expect(refused).to.contain("pulumi config set gitlab-fargate-runners:protect false --stack prod\n");
    expect(refused).not.to.match(/urn:|Preview failed/);
  });

  it("is what another failure of its preview is not taken for", () => {
    expect(refusedAsProtected("prod", { events: recorded("provider-failure"), failure: "no" })).to.equal(undefined);
  });
});

describe("a job image that has to be built", () => {
  const machine = (env: NodeJS.ProcessEnv, ...files: string[]) => ({
    env,
    exists: (file: string) => files.includes(file),
    inspectBuilder: () => Promise.reject(new Error("no docker")),
  });
  const builder = (platforms: string, env: NodeJS.ProcessEnv = {}) => ({
    ...machine(env, "/var/run/docker.sock"),
    inspectBuilder: async () => `Name: default\nDriver: docker\nStatus: running\n${platforms}\n`,
  });
  const refusal = (work: Promise<void>) =>
    work.then(
      () => "",
      (error: Error) => error.message,
    );

  it("is refused where there is no builder, with the ways to one", async () => {
    const said = await refusal(requireBuilder("linux/amd64", machine({})));
    expect(said).to.match(/no builder here[\s\S]*DOCKER_HOST[\s\S]*image\.uri[\s\S]*Nothing has been changed/);
    const others = machine({ PULUMI_DEBUG_PROVIDERS: "aws:1,command:2" });
    expect(await refusal(requireBuilder("linux/amd64", others))).to.contain("no builder here");
  });

  it("is let through where there is one that does not tell its platforms", async () => {
    await requireBuilder("linux/amd64", machine({ DOCKER_HOST: "tcp://builder:2376" }));
    await requireBuilder("linux/amd64", machine({ BUILDX_BUILDER: "remote" }));
    await requireBuilder("linux/amd64", machine({}, "/var/run/docker.sock"));
    await requireBuilder(undefined, builder("Platforms: linux/amd64"));
    await requireBuilder("linux/amd64", machine({ XDG_RUNTIME_DIR: "/run/user/1" }, "/run/user/1/docker.sock"));
    await requireBuilder(
      "linux/arm64",
      builder("Platforms: linux/amd64", { PULUMI_DEBUG_PROVIDERS: "docker-build:2" }),
    );
  });

  it("is refused where the builder is of another architecture, with the ways out", async () => {
    const plain = "Platforms: linux/amd64, linux/amd64/v2, linux/386";
    await requireBuilder("linux/amd64", builder(plain));
    const said = await refusal(requireBuilder("linux/arm64", builder(plain)));
    expect(said).to.contain("has to be built for linux/arm64, and the builder here builds for linux/amd64,");
    expect(said).to.match(/binfmt --install arm64[\s\S]*DOCKER_HOST[\s\S]*image\.uri[\s\S]*architecture/);
    expect(said).to.match(/Nothing has been changed\.$/);
    // With QEMU, and with a second node that has the processor.
    await requireBuilder("linux/arm64", builder(`${plain}, linux/arm64`));
    await requireBuilder("linux/arm64", builder(`${plain}\nName: arm\nPlatforms: linux/arm64*, linux/arm/v7`));
    await requireBuilder("linux/arm64", builder("Platforms: linux/arm64/v8"));
  });
});

describe("what a preview shows of the job image", () => {
  const change = (op: Op, type: string, inputs: Record<string, Value> = {}): Change => ({
    ...{ urn: `urn::${type}`, type, name: "n", op, old: {}, new: inputs, properties: [] },
  });
  const build = "docker-build:index:Image";
  const repository = "aws:ecr/repository:Repository";
  const definition = (cpuArchitecture: string) =>
    change("create", "aws:ecs/taskDefinition:TaskDefinition", { runtimePlatform: { cpuArchitecture } });

  it("is that it has to be built, also where the repository is new and the build is not shown yet", () => {
    expect(buildsImage([change("create", build)])).to.equal(true);
    expect(buildsImage([change("update", build)])).to.equal(true);
    expect(buildsImage([change("create", repository), change("create", "awsx:ecr:Image")])).to.equal(true);
    expect(buildsImage([change("replace", repository), change("delete", build)])).to.equal(true);
    for (const op of ["update", "delete"] as const) expect(buildsImage([change(op, repository)]), op).to.equal(false);
    expect(buildsImage([change("delete", build), definition("ARM64")])).to.equal(false);
  });

  it("is its platform, which is the tasks' where the build is not shown yet", () => {
    const built = change("create", build, { platforms: ["linux/amd64"] });
    expect(imagePlatform([change("delete", build), built])).to.equal("linux/amd64");
    expect(imagePlatform([change("create", repository), definition("ARM64")])).to.equal("linux/arm64");
    expect(imagePlatform([change("create", repository), definition("X86_64")])).to.equal("linux/amd64");
    expect(imagePlatform([change("create", repository)])).to.equal(undefined);
  });
});

describe("a lock's holder", () => {
  it("is read from the message of buckets and folders", () => {
    const message = [
      "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
      "  s3://state/.pulumi/locks/organization/p/dev/1.json: created by ci@runner (pid 42) at 2026-11-25T03:00:00Z",
    ].join("\n");
    expect(holders(message).text).to.equal("by ci@runner (pid 42) since 2026-11-25T03:00:00Z");
  });

  it("is somebody where the backend does not tell", () => {
    expect(holders("[409] Conflict: Another update is currently in progress.").text).to.contain("in progress");
  });
});

describe("what the Pulumi CLI says at its end", () => {
  it("is one sentence with the way out where it cannot be downloaded", () => {
    const message = [
      "code: -2",
      " stdout: ",
      " stderr: Command failed with exit code 1: pulumi version",
      "Downloading pulumi v3.265.0...",
      "pulumi: fetch failed",
      " err?: Error: Command failed with exit code 1: pulumi version",
      "Downloading pulumi v3.265.0...",
      "pulumi: fetch failed",
    ].join("\n");
    expect(lastWords(message)).to.match(
      /^it is not on this machine.*\(fetch failed\).*~\/\.pulumi\/versions\/3\.265\.0\/bin/,
    );
    expect(lastWords(message)).not.to.match(/\n|code: -2/);
  });

  it("is its errors where it says some", () => {
    expect(lastWords("code: 255\n stdout: \n stderr: error: no stack named 'x'\nmore\nerror: two")).to.equal(
      "no stack named 'x'; two",
    );
    expect(lastWords("something else")).to.equal("something else");
  });
});
