import { expect } from "chai";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { STSClient } from "@aws-sdk/client-sts";
import { createCredentials } from "../../../../sandbox/aws/credentials";

const roleArn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
const trust = (Principal: unknown, more: object = {}) => ({
  Effect: "Allow",
  Action: "sts:AssumeRole",
  Principal,
  ...more,
});
const toHosts = trust({ Service: "ec2.amazonaws.com" });

/** AWS with roles of these trust policies. */
function credentialsOf(roles: Record<string, object[]>) {
  let keys = 0;
  const iam = async ({ input }: { input: { RoleName: string } }) => {
    if (!roles[input.RoleName]) throw Object.assign(new Error("gone"), { name: "NoSuchEntityException" });
    const text = JSON.stringify({ Statement: roles[input.RoleName] });
    return { Role: { AssumeRolePolicyDocument: encodeURIComponent(text) } };
  };
  const sts = async () => ({
    Credentials: {
      AccessKeyId: `ASIA${keys++}`,
      SecretAccessKey: "secret",
      SessionToken: "token",
      Expiration: new Date(Date.now() + 3_600_000),
    },
  });
  return createCredentials({ send: sts } as unknown as STSClient, { send: iam } as unknown as IAMClient);
}

const asked = (role: string, more: Record<string, string> = {}) =>
  new URLSearchParams({ Action: "AssumeRole", RoleArn: roleArn(role), RoleSessionName: "s", ...more });

async function refused(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => expect.fail("nothing was refused"),
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

describe("IAM: a role is given", () => {
  it("to the service that its trust policy names, and to no other", async () => {
    const credentials = credentialsOf({ host: [toHosts] });
    const { AccessKeyId } = await credentials.issue(roleArn("host"), "i-1", "ec2.amazonaws.com");
    expect(credentials.principal(AccessKeyId)?.arn).to.equal("arn:aws:sts::123456789012:assumed-role/host/i-1");
    expect(await refused(credentials.issue(roleArn("host"), "t-1", "ecs-tasks.amazonaws.com"))).to.contain(
      `ecs-tasks.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${roleArn("host")}`,
    );
  });

  it("to the role that is named alone: not to another one, nor to an administrator", async () => {
    const credentials = credentialsOf({
      host: [toHosts],
      task: [trust({ Service: "ecs-tasks.amazonaws.com" })],
      cache: [trust({ AWS: roleArn("host") })],
    });
    const host = await credentials.issue(roleArn("host"), "i-1", "ec2.amazonaws.com");
    const answered = await credentials.assume(host.AccessKeyId, asked("cache"));
    answered("<AccessKeyId>ASIACACHE</AccessKeyId>");
    expect(credentials.principal("ASIACACHE")?.roleName).to.equal("cache");
    const task = await credentials.issue(roleArn("task"), "t-1", "ecs-tasks.amazonaws.com");
    for (const key of [task.AccessKeyId, "administrator"]) {
      expect(await refused(credentials.assume(key, asked("cache")))).to.match(/sts:AssumeRole on resource: \S+cache$/);
    }
    expect(await refused(credentials.assume(host.AccessKeyId, asked("nobody")))).to.contain("role/nobody");
  });

  it("to anybody of the account where that is named, unless it is denied or asked for more", async () => {
    const account = trust({ AWS: ["arn:aws:iam::123456789012:root"] });
    const credentials = credentialsOf({
      open: [account],
      denied: [account, { ...trust("*"), Effect: "Deny" }],
      external: [trust({ AWS: "123456789012" }, { Condition: { StringEquals: { "sts:ExternalId": "x" } } })],
    });
    await credentials.assume("administrator", asked("open"));
    for (const role of ["denied", "external"]) await refused(credentials.assume("administrator", asked(role)));
  });

  it("with the policy that was sent with the request", async () => {
    const credentials = credentialsOf({ open: [trust({ AWS: "*" })] });
    const Policy = JSON.stringify({
      Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::b/a" }],
    });
    (await credentials.assume("administrator", asked("open", { Policy })))("<AccessKeyId>ASIA1</AccessKeyId>");
    const [statement] = credentials.principal("ASIA1")!.policy!.statements;
    expect(statement!.resource.patterns).to.deep.equal(["arn:aws:s3:::b/a"]);
  });
});
