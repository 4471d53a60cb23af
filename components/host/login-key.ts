import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { newKeyPair, publicKeyOf } from "./key-pair";

/** What the deployment logs in to hosts with. */
export interface LoginKey {
  readonly publicKey: pulumi.Input<string>;
  readonly privateKey: pulumi.Output<string>;
}

/**
 * A key pair that the first deployment makes and the stack's encrypted state keeps: no file ever holds it. The
 * command runs nothing. It is where the state keeps its input, which later deployments find there instead of the one
 * they come with.
 */
export function newLoginKey(name: string, opts: pulumi.CustomResourceOptions): LoginKey {
  const { privateKey: fresh } = newKeyPair("gitlab-fargate-runners");
  const kept = new local.Command(
    `${name}-login-key`,
    { stdin: pulumi.secret(fresh) },
    { ...opts, ignoreChanges: ["stdin"], additionalSecretOutputs: ["stdin"] },
  );
  const privateKey = kept.stdin.apply((key) => key as string);
  return { publicKey: pulumi.unsecret(privateKey.apply(publicKeyOf)), privateKey };
}
