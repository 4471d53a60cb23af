/** The power of the sandbox's one host. */
import { EC2Client, StartInstancesCommand } from "@aws-sdk/client-ec2";
import { putFault } from "./faults";
import { status } from "./status";
import { awsSettings } from "./task-definitions";
import { until } from "./until";

/** Cuts the power while `act` runs; resolves when the host can be reached again. */
export async function withoutPower<Result>(act: (instanceId: string) => Promise<Result>): Promise<Result> {
  const running = (await status()).hosts.filter(({ state }) => state === "running");
  if (running.length !== 1) throw new Error(`${running.length} hosts run`);
  const [{ instanceId }] = running;
  await putFault({ fault: "cut-power", instanceId });
  try {
    return await act(instanceId);
  } finally {
    await new EC2Client(awsSettings).send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    await until(`host ${instanceId} to boot`, async () =>
      (await status()).hosts.some((host) => host.instanceId === instanceId && host.state === "running"),
    );
  }
}
