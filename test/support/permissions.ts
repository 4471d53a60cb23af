/** The roles' policies as they are deployed in the sandbox, and what happens without one of their permissions. */
import {
  CreatePolicyCommand,
  DeletePolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { assumedBy } from "../../components/iam/documents";
import { awsEndpoint, region } from "../../sandbox/config";

export const administrator = {
  endpoint: awsEndpoint,
  region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};
const iam = new IAMClient(administrator);

/** One action of a statement on one of its resources. */
export interface Granted {
  role: string;
  policy: string;
  sid: string;
  action: string;
  resource: string;
}

interface Statement {
  Sid: string;
  Action: string[];
  Resource: string | string[];
}

interface Document {
  Statement: Statement[];
}

/** The deployed role whose name holds one of the program's: "host", "execution", "task". */
export async function roleName(part: string): Promise<string> {
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const found = Roles.filter(({ RoleName }) => RoleName!.startsWith(`gitlab-runners-${part}-`));
  if (found.length !== 1) throw new Error(`${found.length} roles are named gitlab-runners-${part}-…`);
  return found[0].RoleName!;
}

/** All that a role's inline policies grant. */
export async function granted(role: string): Promise<Granted[]> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
  const all: Granted[] = [];
  for (const policy of PolicyNames) {
    for (const { Sid: sid, Action, Resource } of (await read(role, policy)).document.Statement) {
      for (const action of Action) {
        for (const resource of [Resource].flat()) all.push({ role, policy, sid, action, resource });
      }
    }
  }
  return all;
}

async function read(RoleName: string, PolicyName: string): Promise<{ text: string; document: Document }> {
  const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  const text = PolicyDocument.startsWith("%7B") ? decodeURIComponent(PolicyDocument) : PolicyDocument;
  return { text, document: JSON.parse(text) as Document };
}

/** Takes one permission out of its policy while `act` runs. */
export async function without<Result>(permission: Granted, act: () => Promise<Result>): Promise<Result> {
  const { role: RoleName, policy: PolicyName } = permission;
  const { text, document } = await read(RoleName, PolicyName);
  const Statement = document.Statement.flatMap((statement) => take(statement, permission));
  const put = (PolicyDocument: string) => iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  await put(JSON.stringify({ ...document, Statement }));
  try {
    return await act();
  } finally {
    await put(text);
  }
}

/** What is left of a statement: its other actions, and the action on its other resources. */
function take(statement: Statement, { sid, action, resource }: Granted): Statement[] {
  if (statement.Sid !== sid) return [statement];
  const others = statement.Action.filter((one) => one !== action);
  const elsewhere = [statement.Resource].flat().filter((one) => one !== resource);
  return [
    ...(others.length > 0 ? [{ ...statement, Action: others }] : []),
    ...(elsewhere.length > 0 ? [{ ...statement, Sid: `${sid}Rest`, Action: [action], Resource: elsewhere }] : []),
  ];
}

export type AnyStatement = Record<string, unknown>;
const documentOf = (...Statement: AnyStatement[]) => JSON.stringify({ Version: "2012-10-17", Statement });

/** Gives a role one more policy while `act` runs. */
export async function granting<Result>(
  RoleName: string,
  statement: AnyStatement,
  act: () => Promise<Result>,
): Promise<Result> {
  const PolicyName = "granted-by-a-test";
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: documentOf(statement) }));
  try {
    return await act();
  } finally {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
}

/** Lets a service of AWS take a role, and nobody else, while `act` runs; `service` is the one that may do it afterwards. */
export async function trustingOnly<Result>(
  RoleName: string,
  [other, service]: [other: string, service: string],
  act: () => Promise<Result>,
): Promise<Result> {
  const trust = (PolicyDocument: string) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  await trust(assumedBy(other));
  try {
    return await act();
  } finally {
    await trust(assumedBy(service));
  }
}

/** Puts a permissions boundary on a role while `act` runs. */
export async function bounding<Result>(
  RoleName: string,
  statements: AnyStatement[],
  act: () => Promise<Result>,
): Promise<Result> {
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: "boundary-of-a-test", PolicyDocument: documentOf(...statements) }),
  );
  const PolicyArn = Policy!.Arn!;
  try {
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn }));
    return await act();
  } finally {
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
  }
}
