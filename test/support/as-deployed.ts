/** Whether the sandbox is as `npm run sandbox -- up` makes it. */
import { onHost } from "./host";
import { status } from "./status";
import { liveTasks } from "./tasks";

/** Of each host, as `up` made it; a host that is deployed anew is another one. */
const configurations = new Map<string, string>();

/** Before the first test that may change it. */
export async function rememberConfiguration(): Promise<void> {
  for (const { instanceId, address, state } of (await status()).hosts) {
    if (state !== "running" || configurations.has(instanceId)) continue;
    configurations.set(instanceId, await configurationOf(address));
  }
}

/** What is otherwise, in sentences. A stack that is gone as a whole is no complaint: useSandbox() deploys it again. */
export async function complaints(): Promise<string[]> {
  const { hosts, runners } = await status();
  const running = hosts.filter(({ state }) => state === "running");
  const there = hosts.filter(({ state }) => state !== "terminated");
  const found = (await liveTasks()).map(({ taskArn, lastStatus }) => `task ${taskArn} is ${lastStatus}`);
  if (there.length === 0 && runners.length === 0) return found;

  if (running.length !== 1 || there.length !== 1) {
    found.push(
      `the hosts are ${there.map(({ instanceId, state }) => `${instanceId} (${state})`).join(", ") || "gone"}`,
    );
  }
  const names = runners.map(({ description }) => description).join(", ");
  if (names !== "acme/backend") found.push(`the runners are ${names}`);
  if (running.length > 0) found.push(...(await changes(running[0])));
  return found;
}

async function changes({ instanceId, address }: { instanceId: string; address: string }): Promise<string[]> {
  const before = configurations.get(instanceId);
  const now = await configurationOf(address);
  if (before === undefined || before === now) return [];
  return [`the host's files and its runner were\n${before}\nand are\n${now}`];
}

/** Its files, without the task definition's revision, which a change of the image and back makes another one. */
const configurationOf = (address: string): Promise<string> =>
  onHost(
    "cd /etc/gitlab-runner; sha256sum config.toml; sed -E 's/:[0-9]+\"/\"/' fargate.toml; " +
      "systemctl is-active gitlab-runner || true",
    address,
  );
