/** What a deployment may do in AWS, as IAM actions by what they are allowed on. */

/** What an action is allowed on; deployment-policies.ts makes ARNs of it. */
export type Scope =
  | "any"
  | "alarm"
  | "bucket"
  | "cluster"
  | "dashboard"
  | "ec2-tagged"
  | "instance-profile"
  | "log-group"
  | "object"
  | "public-parameter"
  | "quota"
  | "repository"
  | "role"
  | "service-linked-role"
  | "task-definition"
  | "task-role"
  | "topic";

/** Actions by what they are allowed on. */
export type Actions = Partial<Record<Scope, readonly string[]>>;

export interface Rights {
  /** To find out how it is: a preview with a refresh needs no more. */
  readonly read: Actions;
  /** To create, change and delete it. Creating instances, and handing roles on, are statements of their own. */
  readonly write: Actions;
}
