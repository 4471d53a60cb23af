import * as pulumi from "@pulumi/pulumi";

/** A runner created by `POST /user/runners`; its authentication token is known from creation on and from nowhere else. */
export declare class UserRunner extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: UserRunnerState,
    opts?: pulumi.CustomResourceOptions,
  ): UserRunner;
  static isInstance(obj: any): obj is UserRunner;
  readonly accessLevel: pulumi.Output<string>;
  readonly description: pulumi.Output<string | undefined>;
  readonly groupId: pulumi.Output<number | undefined>;
  readonly locked: pulumi.Output<boolean>;
  readonly maintenanceNote: pulumi.Output<string>;
  readonly maximumTimeout: pulumi.Output<number>;
  readonly paused: pulumi.Output<boolean>;
  readonly projectId: pulumi.Output<number | undefined>;
  readonly runnerType: pulumi.Output<string>;
  readonly tagLists: pulumi.Output<string[]>;
  /** The runner's authentication token. Secret. */
  readonly token: pulumi.Output<string>;
  readonly untagged: pulumi.Output<boolean>;
  constructor(name: string, args: UserRunnerArgs, opts?: pulumi.CustomResourceOptions);
}

export interface UserRunnerState extends Partial<UserRunnerArgs> {
  token?: pulumi.Input<string>;
}

export interface UserRunnerArgs {
  /** `not_protected` or `ref_protected`. */
  accessLevel?: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** Needed by `group_type`; a change replaces the runner. */
  groupId?: pulumi.Input<number>;
  locked?: pulumi.Input<boolean>;
  /** Up to 1024 characters. */
  maintenanceNote?: pulumi.Input<string>;
  /** In seconds, at least 600. */
  maximumTimeout?: pulumi.Input<number>;
  paused?: pulumi.Input<boolean>;
  /** Needed by `project_type`; a change replaces the runner. */
  projectId?: pulumi.Input<number>;
  /** `instance_type`, `group_type` or `project_type`; a change replaces the runner. */
  runnerType: pulumi.Input<string>;
  tagLists?: pulumi.Input<pulumi.Input<string>[]>;
  /** Whether the runner takes jobs without tags. */
  untagged?: pulumi.Input<boolean>;
}
