/**
 * The end of a host's work, before its instance goes: it takes no new job, the running ones finish within a bound, and
 * its units stop. A host that is gone or out of reach holds up nothing: that is said, and passed.
 */
import * as scripts from "./drain-scripts";

/** What a drain is told. It holds keys, and so comes through standard input. */
export interface DrainOrder<Connection = unknown> {
  /** The host's name, for what is said. */
  readonly host: string;
  readonly connection: Connection;
  /** How long running jobs may go on, in seconds. */
  readonly timeout: number;
}

/** A host that is logged in to. */
export interface Host {
  /** What a script writes to standard output. @throws LostConnection; another error where the script fails */
  run(script: string): Promise<string>;
  close(): void;
}

/** The host does not answer any more. */
export class LostConnection extends Error {}

/** Something else answers at the host's address: the host is gone. */
export class AnotherHost extends Error {}

export interface World {
  /** @throws AnotherHost; another error where it cannot be reached now */
  connect(): Promise<Host>;
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  say(line: string): void;
  /** Of the deployment. */
  env: Readonly<Record<string, string | undefined>>;
}

/** How long a host that does not answer is tried, which is enough for a boot, and the pauses. In milliseconds. */
export const reach = { patience: 60_000, pause: 3_000 };
/** Between two looks at running jobs, and between two words about them. In milliseconds. */
const looks = { pause: 5_000, word: 60_000 };

/** @throws where this deployment is a job on the host, or a script fails there */
export async function drain({ host: name, timeout }: DrainOrder, world: World): Promise<void> {
  const { say, now, sleep } = world;
  const host = new ReachableHost(world);
  try {
    refuseOwnJob(name, await host.run(scripts.runningJobs()), world.env);
    await host.run(scripts.takeNoJobs());
    const end = now() + timeout * 1000;
    let word = now();
    while ((await host.run(scripts.runnerState())) === "running") {
      const jobs = list(await host.run(scripts.runningJobs()));
      if (now() >= end) {
        say(
          `${name}: jobs still run after ${timeout} s (host.drainTimeout), and are ended: ${jobs || "between stages"}`,
        );
        await host.run(scripts.endJobs());
        break;
      }
      // A runner without jobs needs a moment to end, and a job between two of its stages shows with the next look.
      if (jobs !== "" && now() >= word) {
        say(`${name}: waits for running jobs, up to ${Math.ceil((end - now()) / 1000)} s more: ${jobs}`);
        word = now() + looks.word;
      }
      await sleep(Math.min(looks.pause, Math.max(0, end - now())));
    }
    await host.run(scripts.stopUnits());
    say(`${name}: drained`);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    say(
      `${name}: not drained, ${error.message}. Jobs that it ran fail in GitLab; their tasks end by themselves, at the ` +
        "latest when their time is over, or by the reaper of another host",
    );
  } finally {
    host.close();
  }
}

const list = (urls: string): string => urls.split("\n").filter(Boolean).join(", ");

function refuseOwnJob(name: string, jobs: string, env: World["env"]): void {
  const own = env.CI_JOB_URL;
  if (!own || !jobs.split("\n").includes(own)) return;
  throw new Error(
    `${name}: this deployment is a job that runs on this host (${own}), and would wait for itself. The host goes on ` +
      "as before; deploy from elsewhere, which removes it",
  );
}

/** There is no host to drain any more. */
class Gone extends Error {}

/** Connects when it is needed, and again where the connection is lost: each script may run twice. */
class ReachableHost {
  private host: Host | undefined;

  constructor(private readonly world: World) {}

  async run(script: string): Promise<string> {
    for (let losses = 0; ; losses++) {
      this.host ??= await this.connect();
      try {
        return await this.host.run(script);
      } catch (error) {
        if (!(error instanceof LostConnection)) throw error;
        this.close();
        if (losses >= 3) throw new Gone(error.message);
      }
    }
  }

  close(): void {
    this.host?.close();
    this.host = undefined;
  }

  private async connect(): Promise<Host> {
    const { connect, now, sleep } = this.world;
    const end = now() + reach.patience;
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        const { message } = error as Error;
        if (error instanceof AnotherHost) throw new Gone(`as it is gone: ${message}`);
        if (now() + reach.pause > end) {
          throw new Gone(`as it has not answered for ${reach.patience / 1000} s: ${message}`);
        }
      }
      await sleep(reach.pause);
    }
  }
}
