import * as pulumi from "@pulumi/pulumi";

/** Details of a group, found by its full path or its id. Fails where GitLab has no such group or the token may not see it. */
export declare function getGroup(args?: GetGroupArgs, opts?: pulumi.InvokeOptions): Promise<GetGroupResult>;
export declare function getGroupOutput(
  args?: GetGroupOutputArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetGroupResult>;

export interface GetGroupArgs {
  fullPath?: string;
  groupId?: number;
}

export interface GetGroupOutputArgs {
  fullPath?: pulumi.Input<string>;
  groupId?: pulumi.Input<number>;
}

export interface GetGroupResult {
  readonly fullName: string;
  readonly fullPath: string;
  readonly groupId: number;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly webUrl: string;
}
