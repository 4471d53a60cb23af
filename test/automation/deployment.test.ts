/** What a deployment says while it runs, and what it needs before. */
import { expect } from "chai";
import { requireBuilder } from "../../automation/builder";
import { lastWords } from "../../automation/last-words";
import { holders } from "../../automation/lock";
import { createProgress } from "../../automation/progress";
import { refusedAsProtected } from "../../automation/protected";
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

  it("tells what a drain says meanwhile, and no other step's chatter", () => {
    const said = (name: string) => ({
      sequence: 1,
      timestamp: 0,
      diagnosticEvent: {
        ...{ severity: "info" as const, color: "never", message: "waits for running jobs\n", ephemeral: true },
        urn: `urn:pulumi:prod::gitlab-fargate-runners::command::gitlab-runners-host-${name}`,
      },
    });
    expect(createProgress("deploy")(said("drain"))).to.equal("  waits for running jobs");
    expect(createProgress("deploy")(said("driver"))).to.equal(undefined);
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
  });

  it("is refused where there is no builder, with the ways to one", () => {
    expect(() => requireBuilder(machine({}))).to.throw(/DOCKER_HOST[\s\S]*image\.uri[\s\S]*Nothing has been changed/);
    expect(() => requireBuilder(machine({ PULUMI_DEBUG_PROVIDERS: "aws:1,command:2" }))).to.throw("no builder here");
  });

  it("is let through where there is one", () => {
    requireBuilder(machine({ DOCKER_HOST: "tcp://builder:2376" }));
    requireBuilder(machine({ BUILDX_BUILDER: "remote" }));
    requireBuilder(machine({}, "/var/run/docker.sock"));
    requireBuilder(machine({ XDG_RUNTIME_DIR: "/run/user/1" }, "/run/user/1/docker.sock"));
    requireBuilder(machine({ PULUMI_DEBUG_PROVIDERS: "aws:1,docker-build:2" }));
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
