/** The guard of docker-entrypoint.sh, which ends a container that nobody comes back for. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { until } from "../support/processes";
import { createStartedContainer, now, type StartedContainer } from "./started";

describe("guard", () => {
  let container: StartedContainer;

  beforeEach(() => (container = createStartedContainer()));
  afterEach(() => container.remove());

  it("ends a container that no session came to", async () => {
    await container.start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await container.pass(60);
    expect(await container.end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: no SSH session came within 60 s: the container ends\n",
      code: 0,
    });
  });

  it("lets one live that had a session, until its deadline", async () => {
    container.session();
    await container.start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await container.pass(60);
    await container.pass(90);
    expect(await container.end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: the time of its job is over: the container ends\n",
      code: 0,
    });
  });

  it("lets one live that is within all limits", async () => {
    container.session();
    await container.start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await container.pass(60);
    writeFileSync(container.at("stop"), "");
    expect(await container.end()).to.deep.equal({ stdout: "up\nstayed\n", stderr: "", code: 0 });
  });

  it("does not take an earlier start's session for one of this start", async () => {
    writeFileSync(container.at("run/ssh-session"), "");
    await container.start({ FARGATE_GUARD_FIRST_SESSION: "60" });
    await container.pass(60);
    expect((await container.end()).stdout).to.equal("up\nended\n");
  });

  it("ends a container at its deadline also in the job's last minutes", async () => {
    container.session();
    container.connect();
    await container.start({ FARGATE_GUARD_DEADLINE: String(now + 90) });
    container.terminate();
    await container.pass(90);
    expect((await container.end()).stdout).to.match(/ended\n$/);
  });

  it("ends one whose driver has been away for long", async () => {
    container.session();
    await container.start({ FARGATE_GUARD_LAST_SESSION: "40" });
    await container.pass(2);
    expect(await container.end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: no SSH session for 40 s, so the host of its job is gone: the container ends\n",
      code: 0,
    });
  });

  for (const [what, set] of [
    ["whose driver is there", () => (container.session(), container.connect())],
    ["that no driver has come to yet, which is another limit's", () => {}],
  ] as const) {
    it(`lets one live ${what}`, async () => {
      set();
      await container.start({ FARGATE_GUARD_LAST_SESSION: "40" });
      // Each pause passes as soon as it begins, far more of them than the limit has.
      const looks = container.at("looks");
      container.program("bin/sleep", `echo >>${looks}; exec /bin/sleep 0.001`);
      writeFileSync(container.at("passed-2"), "");
      await until("many looks", () => existsSync(looks) && readFileSync(looks, "utf8").length > 60);
      writeFileSync(container.at("stop"), "");
      expect(await container.end()).to.deep.equal({ stdout: "up\nstayed\n", stderr: "", code: 0 });
    });
  }

  it("is no business of sessions and of sshd", async () => {
    container.program("usr/sbin/sshd", "echo up; env");
    await container.start({
      FARGATE_GUARD_FIRST_SESSION: "60",
      FARGATE_GUARD_LAST_SESSION: "40",
      FARGATE_GUARD_DEADLINE: String(now + 90),
      FARGATE_GUARD_HOST: "0123",
    });
    expect((await container.end()).stdout).not.to.contain("GUARD_");
    expect(readFileSync(container.at("root/.ssh/environment"), "utf8")).not.to.contain("GUARD_");
  });
});
