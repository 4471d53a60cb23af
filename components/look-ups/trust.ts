/** Whether a role's trust policy names ECS, as far as the policy says so itself: conditions are judged by AWS. */
interface Trust {
  Statement?: TrustStatement | TrustStatement[];
}
interface TrustStatement {
  Effect?: string;
  Action?: string | string[];
  Principal?: string | Record<string, string | string[]>;
}

const list = <Item>(value: Item | Item[] | undefined): Item[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** @param policy JSON */
export function trustsTasks(policy: string): boolean {
  return list((JSON.parse(policy) as Trust).Statement).some(
    ({ Effect, Action, Principal }) =>
      Effect === "Allow" &&
      list(Action).some((action) => ["sts:assumerole", "sts:*", "*"].includes(action.toLowerCase())) &&
      typeof Principal === "object" &&
      list(Principal.Service).includes("ecs-tasks.amazonaws.com"),
  );
}
