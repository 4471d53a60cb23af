import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { forEngine, root } from "../project";
import type { DrainOrder } from "./drain/drain";
import type { Connection, RemoteHost } from "./host-commands";

export interface HostDrainArgs extends Omit<RemoteHost, "name"> {
  /** How long running jobs may go on, in seconds. */
  readonly timeout: number;
  /** All that stays until the host is drained. */
  readonly before: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * Does nothing until it is deleted, which is the first step towards the end of a host, or of a host that another one has
 * taken the place of: it drains that host (drain/drain.ts). It runs beside the deployment and not by the provider's own
 * SSH, which fails where a host is gone, and would wait for jobs without end.
 *
 * @param name of the host
 */
export function hostDrain(
  name: string,
  { connection, instanceId, timeout, before }: HostDrainArgs,
  opts: pulumi.CustomResourceOptions,
): local.Command {
  const order: pulumi.Output<DrainOrder<pulumi.Unwrap<Connection>>> = pulumi.output({
    host: name,
    connection,
    timeout,
  });
  return new local.Command(
    `${name}-drain`,
    {
      // The state keeps this line: what is deployed drains by the program that is there then.
      delete: "node --require tsx/cjs components/host/drain/main.ts",
      dir: forEngine(root),
      stdin: pulumi.secret(pulumi.jsonStringify(order)),
      triggers: [instanceId],
      addPreviousOutputInEnv: false,
    },
    { ...opts, dependsOn: [...before], additionalSecretOutputs: ["stdin"] },
  );
}
