import * as pulumi from "@pulumi/pulumi";

/** The provider type for the gitlab package; without one, the stack's `gitlab:` configuration is used. */
export declare class Provider extends pulumi.ProviderResource {
  static isInstance(obj: any): obj is Provider;
  readonly baseUrl: pulumi.Output<string | undefined>;
  readonly cacertFile: pulumi.Output<string | undefined>;
  readonly token: pulumi.Output<string | undefined>;
  constructor(name: string, args?: ProviderArgs, opts?: pulumi.ResourceOptions);
}

export interface ProviderArgs {
  /** The GitLab API's base URL, ending in `/api/v4/`. */
  baseUrl?: pulumi.Input<string>;
  /** A file with the certificate of the authority that signed GitLab's. */
  cacertFile?: pulumi.Input<string>;
  /** Check the token when the provider starts. */
  earlyAuthCheck?: pulumi.Input<boolean>;
  /** Do not verify GitLab's certificate. */
  insecure?: pulumi.Input<boolean>;
  /** How often a failed call is tried again. */
  retries?: pulumi.Input<number>;
  /** The access token. Secret. */
  token?: pulumi.Input<string>;
}
