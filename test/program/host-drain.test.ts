/** The drain of a host, against hosts of every kind: that answer, wait, vanish, or were somebody else all along. */
import { expect } from "chai";
import { execa } from "execa";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as scripts from "../../components/host/drain/drain-scripts";
import { AnotherHost, drain, LostConnection, reach, type Host, type World } from "../../components/host/drain/drain";
import { connect } from "../../components/host/drain/ssh";
import { root } from "../../components/project";
import { createKey, startSshServer, type SshServer } from "../sandbox/providers/ssh-server";
import { scratch } from "../support/scratch";

const url = "https://gitlab.example.com/acme/backend/-/jobs/42";

interface Told {
  said: string[];
  ran: string[];
  /** Seconds that it took. */
  took: number;
  error?: Error;
}

interface Play {
  /** Seconds for which its jobs run. */
  jobsRun?: number;
  /** What a connection comes to, by the number of the try. */
  connecting?: (attempt: number) => Error | undefined;
  /** What a script comes to, by the second. */
  failing?: (second: number, script: string) => Error | undefined;
  env?: Record<string, string>;
  timeout?: number;
}

const names = new Map(Object.entries(scripts).map(([name, script]) => [script(), name]));

async function play({ jobsRun = 0, connecting, failing, env = {}, timeout = 600 }: Play): Promise<Told> {
  const told: Told = { said: [], ran: [], took: 0 };
  let clock = 0;
  let attempts = 0;
  let ended = false;
  const runs = () => !ended && clock < jobsRun * 1000;
  const host: Host = {
    async run(script) {
      const name = names.get(script)!;
      const failure = failing?.(clock / 1000, name);
      if (failure) throw failure;
      told.ran.push(name);
      if (name === "endJobs") ended = true;
      if (name === "runnerState") return runs() ? "running" : "over";
      return name === "runningJobs" && runs() ? url : "";
    },
    close() {},
  };
  const world: World = {
    async connect() {
      const failure = connecting?.(++attempts);
      // A dial that nobody answers takes its time.
      if (failure && !(failure instanceof AnotherHost)) clock += 15_000;
      if (failure) throw failure;
      return host;
    },
    now: () => clock,
    sleep: async (milliseconds) => void (clock += milliseconds),
    say: (line) => told.said.push(line),
    env,
  };
  told.error = await drain({ host: "host-2", connection: undefined, timeout }, world).then(
    () => undefined,
    (error: Error) => error,
  );
  return { ...told, took: clock / 1000, ran: [...new Set(told.ran)] };
}

const all = ["runningJobs", "takeNoJobs", "runnerState", "stopUnits"];
const silent = () => new Error("timed out");

describe("the drain of a host", () => {
  it("is done at once where no job runs", async () => {
    expect(await play({})).to.deep.equal({ said: ["host-2: drained"], ran: all, took: 0, error: undefined });
  });

  it("waits for running jobs, and says which", async () => {
    const { said, took, ran } = await play({ jobsRun: 100 });
    expect(took).to.equal(100);
    expect(ran).to.deep.equal(all);
    expect(said).to.deep.equal([
      `host-2: waits for running jobs, up to 600 s more: ${url}`,
      `host-2: waits for running jobs, up to 540 s more: ${url}`,
      "host-2: drained",
    ]);
  });

  it("ends jobs that take longer than it may wait, and says so", async () => {
    const { said, took, ran, error } = await play({ jobsRun: 5000, timeout: 62 });
    expect(error).to.equal(undefined);
    expect(took).to.equal(62);
    expect(ran).to.include("endJobs");
    expect(said).to.include(`host-2: jobs still run after 62 s (host.drainTimeout), and are ended: ${url}`);
  });

  it("passes a host that does not answer, after a minute or so, and says so", async () => {
    const { said, took, ran, error } = await play({ connecting: silent });
    expect(error).to.equal(undefined);
    expect(ran).to.deep.equal([]);
    expect(took).to.be.within(reach.patience / 1000 - 20, reach.patience / 1000 + 20);
    expect(said[0]).to.match(
      /^host-2: not drained, as it has not answered for 60 s: timed out\. Jobs that it ran fail/,
    );
  });

  it("is patient with a host that boots", async () => {
    const { said } = await play({ connecting: (attempt) => (attempt < 3 ? silent() : undefined) });
    expect(said).to.deep.equal(["host-2: drained"]);
  });

  it("passes at once where another host answers in its place", async () => {
    const { said, took, ran } = await play({ connecting: () => new AnotherHost("another host key") });
    expect([took, ran]).to.deep.equal([0, []]);
    expect(said[0]).to.contain("host-2: not drained, as it is gone: another host key");
  });

  it("goes on where a connection is lost, and passes where the host is lost with it", async () => {
    let lost = 0;
    const once = (second: number) => (second >= 20 && lost++ === 0 ? new LostConnection("cut") : undefined);
    expect((await play({ jobsRun: 40, failing: once })).said.at(-1)).to.equal("host-2: drained");

    const gone = await play({
      jobsRun: 40,
      connecting: (attempt) => (attempt > 1 ? silent() : undefined),
      failing: (second) => (second >= 20 ? new LostConnection("cut") : undefined),
    });
    expect(gone.error).to.equal(undefined);
    expect(gone.said.at(-1)).to.contain("not drained, as it has not answered");
  });

  it("refuses to wait for the job that it is part of, and leaves the host as it is", async () => {
    const { error, ran } = await play({ jobsRun: 100, env: { CI_JOB_URL: url } });
    expect(error?.message).to.contain("would wait for itself").and.contain(url);
    expect(ran).to.deep.equal(["runningJobs"]);
    const elsewhere = await play({ jobsRun: 100, env: { CI_JOB_URL: `${url}1` } });
    expect(elsewhere.said.at(-1)).to.equal("host-2: drained");
  });

  it("fails where a step fails on a host that is there", async () => {
    const failing = (_: number, name: string) => (name === "takeNoJobs" ? new Error("exit code 1: sudo") : undefined);
    expect((await play({ failing })).error?.message).to.equal("exit code 1: sudo");
  });
});

describe("the drain's way to a host", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const serve = async (...[options]: Parameters<typeof startSshServer>) => {
    const server = await startSshServer(options);
    closers.push(() => server.close());
    return server;
  };
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail("it was reached"),
      (error: Error) => error,
    );

  it("leads to the host whose key is known, and runs its scripts", async () => {
    const { port, privateKey, hostKey } = await serve();
    const host = await connect({ host: "127.0.0.1", port, user: "admin", privateKey, hostKey });
    try {
      expect(await host.run("echo one; echo two")).to.equal("one\ntwo");
      const failed = await failure(host.run("echo why >&2; exit 3"));
      expect(failed.message).to.equal("exit code 3: why");
      expect(failed).to.not.be.instanceOf(LostConnection);
    } finally {
      host.close();
    }
  });

  it("tells another host by its key, before it logs in", async () => {
    const { port, privateKey, commands } = await serve();
    const target = { host: "127.0.0.1", port, user: "admin", privateKey };
    expect(await failure(connect({ ...target, hostKey: createKey().publicKey }))).to.be.instanceOf(AnotherHost);
    expect(await failure(connect(target)), "without a known key").to.be.instanceOf(AnotherHost);
    expect(commands).to.deep.equal([]);
  });

  it("fails where nobody answers, and where the connection breaks in the middle", async () => {
    const { privateKey, hostKey, port, close } = await serve();
    const host = await connect({ host: "127.0.0.1", port, user: "admin", privateKey, hostKey });
    const running = failure(host.run("sleep 60"));
    closers.pop();
    await close();
    expect(await running).to.be.instanceOf(LostConnection);
    expect(await failure(host.run("true")), "between two scripts").to.be.instanceOf(LostConnection);
    const refused = await failure(connect({ host: "127.0.0.1", port, privateKey, hostKey }));
    expect(refused).to.not.be.instanceOf(AnotherHost);
  });
});

describe("the program that a deployment drains by", () => {
  const folder = scratch();
  const { PATH } = process.env;
  let server: SshServer;

  before("a host: an SSH server whose sudo and systemctl write down what they are asked for", async () => {
    const log = path.join(folder.dir, "log");
    folder.file("sudo", `#!/bin/sh\necho "$*" >> ${log}\ncase $1 in sh) exec "$@" ;; esac\n`, { mode: 0o755 });
    folder.file("systemctl", `#!/bin/sh\ncase $1 in show) echo inactive ;; esac\n`, { mode: 0o755 });
    process.env.PATH = `${folder.dir}:${PATH}`;
    server = await startSshServer();
  });
  after(async () => {
    process.env.PATH = PATH;
    await server.close();
    folder.remove();
  });

  const drainBy = (env: Record<string, string>) => {
    const { port, privateKey, hostKey } = server;
    const connection = { host: "127.0.0.1", port, user: "admin", privateKey, hostKey };
    const input = JSON.stringify({ host: "host-2", connection, timeout: 60 });
    return execa("node", ["--require", "tsx/cjs", "components/host/drain/main.ts"], {
      ...{ cwd: root, input, env, reject: false },
    });
  };

  it("reads its order from standard input, and says what it did", async () => {
    const { stdout, stderr, exitCode } = await drainBy({});
    expect({ stdout, stderr, exitCode }).to.deep.equal({ stdout: "host-2: drained", stderr: "", exitCode: 0 });
    const asked = readFileSync(path.join(folder.dir, "log"), "utf8");
    expect(asked).to.match(/disable gitlab-runner\.service\nsystemctl --no-block stop gitlab-runner\.service\n/);
  });

  it("fails where it finds the job that it is part of on the host", async () => {
    const own = `https://gitlab.example.com/acme/backend/-/jobs/${process.pid}`;
    const driver = execa("sleep", ["60"], { env: { CUSTOM_ENV_CI_JOB_URL: own }, reject: false });
    try {
      const { stderr, exitCode } = await drainBy({ CI_JOB_URL: own });
      expect([exitCode, stderr]).to.satisfy(([code, text]: [number, string]) => code === 1 && text.includes(own));
    } finally {
      driver.kill();
      await driver;
    }
  });
});
