import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { forEngine, root } from "../project";
import type { RemoteHost } from "./host-commands";

/**
 * Done when a host that is reached through a proxy has let the deployment log in (first-login/wait.ts), once for each
 * instance.
 */
export function hostLogin(
  { name, connection, instanceId }: RemoteHost,
  opts: pulumi.CustomResourceOptions,
): local.Command {
  return new local.Command(
    `${name}-login`,
    {
      create: "node --require tsx/cjs components/host/first-login/main.ts",
      dir: forEngine(root),
      stdin: pulumi.secret(pulumi.jsonStringify({ host: name, connection })),
      triggers: [instanceId],
      addPreviousOutputInEnv: false,
    },
    { ...opts, additionalSecretOutputs: ["stdin"], ignoreChanges: ["create", "dir", "stdin"] },
  );
}
