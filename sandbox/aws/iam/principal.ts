import { parsePolicy, type Policy } from "./policy";

/** A role's session: who an instance, a task or ECS acting for a task is. */
export interface Principal {
  roleArn: string;
  roleName: string;
  /** arn:aws:sts::…:assumed-role/ROLE/SESSION */
  arn: string;
  /** Bounds the session, where whoever took the role has said so. */
  policy?: Policy;
}

/**
 * @param session the instance's or the task's id
 * @param policy the session's, as it was sent
 * @throws UnsupportedPolicy
 */
export function assumedRole(roleArn: string, session: string, policy?: string): Principal {
  const [, , , , account] = roleArn.split(":");
  const roleName = roleArn.split("/").pop()!;
  const arn = `arn:aws:sts::${account}:assumed-role/${roleName}/${session}`;
  return { roleArn, roleName, arn, ...(policy !== undefined && { policy: parsePolicy("of the session", policy) }) };
}
