/** The sandbox's own network, mounts and processes: made with its daemon, entered by what has to reach it. */
import * as path from "node:path";

/** Runs the command that follows in namespaces of its own. */
export const namespacesScript = path.join(__dirname, "namespaces.sh");

/**
 * nsenter dies of Ctrl-C in the terminal, which the program gets as well and may have to end in order. So nsenter ignores
 * what the program does not, and waits for it.
 */
const script = 'trap "" INT TERM HUP; exec nsenter "$@"';

/** What such a program has in its environment. */
const mark = "SANDBOX_INSIDE";

/**
 * The command line of a program in the namespaces of a process, by the id that it has outside; nsenter is its parent.
 * Who is inside already stays there.
 */
export function entering(pid: number, cwd: string, command: string[]): string[] {
  if (process.env[mark]) return command;
  const place = ["--target", String(pid), "--net", "--mount", "--pid", `--wdns=${cwd}`];
  return ["sh", "-c", script, "sh", ...place, "--", "env", "--default-signal=INT,TERM,HUP", `${mark}=1`, ...command];
}

const proxies = /^(https?|all|no)_proxy$/i;

/** An environment for programs in there, from where no proxy of the machine's can be reached. */
export const withoutProxies = (env = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !proxies.test(name)));
