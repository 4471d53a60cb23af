/** The SSH agent of whoever deploys. */
import * as net from "node:net";

/**
 * What the environment of the engine has to say otherwise. The command provider asks an agent wherever SSH_AUTH_SOCK
 * names one, although it has a key, and each command on a host fails where nobody answers there, as after a login that
 * has ended. A living agent stays: git may need it for `driver.repository`.
 */
export async function withoutDeadAgent(env: NodeJS.ProcessEnv = process.env): Promise<Record<string, string>> {
  const socket = env.SSH_AUTH_SOCK;
  return socket && !(await answers(socket)) ? { SSH_AUTH_SOCK: "" } : {};
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.once("connect", () => (connection.destroy(), resolve(true)));
    connection.once("error", () => resolve(false));
  });
}
