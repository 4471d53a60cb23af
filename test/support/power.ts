/** The power of the sandbox's one host. */
import { EC2Client, StartInstancesCommand } from "@aws-sdk/client-ec2";
import { putFault, until } from "./faults";
import { status } from "./sandbox";
import { awsSettings } from "./task-definitions";

/** Cuts it; returns the instance's id. */
export async function cutPower(): Promise<string> {
  const [{ instanceId }] = (await status()).hosts.filter(({ state }) => state === "running");
  await putFault({ fault: "cut-power", instanceId });
  return instanceId;
}

/** Gives it back, and resolves when the host can be reached. */
export async function boot(instanceId: string): Promise<void> {
  await new EC2Client(awsSettings).send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  await until(async () => (await status()).hosts.some((host) => host.state === "running"));
}
