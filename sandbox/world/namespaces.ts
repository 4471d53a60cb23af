/** The sandbox's own network, mounts and processes: made with its daemon, entered by what has to reach it. */
import * as path from "node:path";

/**
 * The command line that runs a command in namespaces of its own.
 * @param tools folder of the artifact of this name
 */
export const inNamespaces = (tools: string, command: string[]): string[] => [
  path.join(__dirname, "namespaces.sh"),
  tools,
  ...command,
];

/** The same with mounts of its own alone. */
export const withTools = (tools: string, command: string[]): string[] => [
  ...["unshare", "--mount", "--propagation", "slave", path.join(__dirname, "enter.sh"), tools],
  ...command,
];

/**
 * nsenter dies of Ctrl-C in the terminal, which the program gets as well and may have to end in order. So nsenter ignores
 * what the program does not, and waits for it. The programs in there are where a machine's own PATH may not say.
 */
const script = 'trap "" INT TERM HUP; PATH=$PATH:/usr/sbin:/usr/bin exec nsenter "$@"';

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
