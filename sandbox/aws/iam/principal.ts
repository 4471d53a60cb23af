/** A role's session: who an instance, a task or ECS acting for a task is. */
export interface Principal {
  roleArn: string;
  roleName: string;
  /** arn:aws:sts::…:assumed-role/ROLE/SESSION */
  arn: string;
}

/** @param session the instance's or the task's id */
export function assumedRole(roleArn: string, session: string): Principal {
  const [, , , , account] = roleArn.split(":");
  const roleName = roleArn.split("/").pop()!;
  return { roleArn, roleName, arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${session}` };
}
