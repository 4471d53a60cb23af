import * as pulumi from "@pulumi/pulumi";

/** Details of a project, found by its path or its id. Fails where GitLab has no such project or the token may not see it. */
export declare function getProject(args?: GetProjectArgs, opts?: pulumi.InvokeOptions): Promise<GetProjectResult>;
export declare function getProjectOutput(
  args?: GetProjectOutputArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProjectResult>;

export interface GetProjectArgs {
  id?: string;
  pathWithNamespace?: string;
}

export interface GetProjectOutputArgs {
  id?: pulumi.Input<string>;
  pathWithNamespace?: pulumi.Input<string>;
}

export interface GetProjectResult {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly pathWithNamespace: string;
  readonly webUrl: string;
}
