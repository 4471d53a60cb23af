import { expect } from "chai";
import type { IncomingMessage } from "node:http";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { GetBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { tlsOnly } from "../../../../components/iam/documents";
import { Authorizer } from "../../../../sandbox/aws/iam/authorizer";
import { createExecutionRole } from "../../../../sandbox/aws/iam/execution-role";
import { createGate } from "../../../../sandbox/aws/iam/gate";
import { parsePolicy } from "../../../../sandbox/aws/iam/policy";
import { assumedRole } from "../../../../sandbox/aws/iam/principal";
import { refusal } from "../../../../sandbox/aws/iam/refusal";
import { RolePolicies } from "../../../../sandbox/aws/iam/role-policies";
import { createBucketPolicies } from "../../../../sandbox/aws/s3/bucket-policies";
import type { Task } from "../../../../sandbox/aws/ecs/task";
import type { AwsError } from "../../../../sandbox/aws/protocol";

const roleArn = "arn:aws:iam::123456789012:role/host";
const host = assumedRole(roleArn, "i-1");
/** As the runner takes a role for a job that writes one archive. */
const bounded = assumedRole(
  roleArn,
  "job",
  JSON.stringify({ Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::cache/own" }] }),
);
const key = "arn:aws:kms:us-east-1:123456789012:key/1";
const allow = (action: string, resource = "*") => ({ Effect: "Allow", Action: action, Resource: resource });

/** The policies of buckets. */
const denial = (more: object) => ({
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: "arn:aws:s3:::*",
  ...more,
});
const ofBuckets: Record<string, object> = {
  wrong: denial({ Condition: { Bool: { "aws:SecureTransport": "true" } } }),
  encrypting: denial({
    Action: "s3:PutObject",
    Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } },
  }),
  others: denial({ Principal: { AWS: roleArn } }),
};
const send = async ({ input: { Bucket = "" } }: GetBucketPolicyCommand) => {
  if (Bucket === "ours") return { Policy: tlsOnly("arn:aws:s3:::ours") };
  return { Policy: ofBuckets[Bucket] && JSON.stringify({ Statement: ofBuckets[Bucket] }) };
};

/** A gate for a host whose role has these statements, and the number of times that IAM changed. */
function gateFor(...statements: object[]) {
  const policies = { identity: [parsePolicy("p", JSON.stringify({ Statement: statements }))] };
  const authorizer = new Authorizer({ of: async () => policies }, () => {});
  let changes = 0;
  const gate = createGate({
    authorizer,
    principal: (key) => ({ ASIAHOST: host, ASIAJOB: bounded })[key],
    taskDefinition: async () => {
      throw new Error("not asked for");
    },
    ec2: {
      tags: async (id) => ({ stack: id === "i-own" ? "own" : "other" }),
      keyPair: async () => ({}),
      roleOf: async () => roleArn,
    },
    bucketKey: async (bucket) => (bucket === "encrypted" ? key : undefined),
    bucketPolicies: createBucketPolicies({ send } as unknown as S3Client),
    changed: () => changes++,
  });
  return { gate, authorizer, changes: () => changes };
}

const request = (service: string, change: Partial<IncomingMessage> = {}, key = "ASIAHOST") =>
  ({
    method: "POST",
    url: "/",
    ...change,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host`,
      ...change.headers,
    },
  }) as IncomingMessage;
const ecs = (action: string, key?: string) =>
  request("ecs", { headers: { "x-amz-target": `AmazonEC2ContainerServiceV20141113.${action}` } }, key);
const body = (text: string) => async () => Buffer.from(text);
const nobody = async (): Promise<Buffer> => {
  throw new Error("the body was read");
};

async function refused(work: Promise<unknown>): Promise<AwsError> {
  try {
    await work;
  } catch (error) {
    return error as AwsError;
  }
  throw new Error("nothing was refused");
}

describe("IAM: the gate", () => {
  it("lets a role do what its policies allow, and hands on the body that it has read", async () => {
    const { gate } = gateFor(allow("ecs:StopTask"));
    const admission = await gate(ecs("StopTask"), body('{"task":"t"}'));
    expect(admission.body?.toString()).to.equal('{"task":"t"}');
  });

  it("refuses everything else, naming who, what and on what", async () => {
    const { gate } = gateFor(allow("ecs:DescribeTasks"));
    const error = await refused(gate(ecs("StopTask"), body('{"cluster":"jobs","task":"t"}')));
    expect(error).to.include({ code: "AccessDeniedException", status: 400 });
    expect(error.message).to.equal(
      "User: arn:aws:sts::123456789012:assumed-role/host/i-1 is not authorized to perform: ecs:StopTask on resource: " +
        "arn:aws:ecs:us-east-1:123456789012:task/jobs/t because no identity-based policy allows the ecs:StopTask action",
    );
  });

  it("goes by the tags of what a call of EC2 names", async () => {
    const condition = { Condition: { StringEquals: { "aws:ResourceTag/stack": "own" } } };
    const { gate } = gateFor({ ...allow("ec2:TerminateInstances"), ...condition });
    const call = (id: string) =>
      body(new URLSearchParams({ Action: "TerminateInstances", "InstanceId.1": id }).toString());
    await gate(request("ec2"), call("i-own"));
    const error = await refused(gate(request("ec2"), call("i-other")));
    expect(error.message).to.contain(
      "ec2:TerminateInstances on resource: arn:aws:ec2:us-east-1:123456789012:instance/i-other",
    );
  });

  it("leaves administrators alone, whose bodies it does not read", async () => {
    const { gate } = gateFor();
    expect(await gate(ecs("RunTask", "sandbox"), nobody)).to.deep.equal({ answered: undefined });
  });

  it("refuses temporary keys that nobody was given, and requests without a signature", async () => {
    const { gate } = gateFor(allow("*"));
    expect((await refused(gate(ecs("StopTask", "ASIAOTHER"), nobody))).code).to.equal("InvalidClientTokenId");
    const unsigned = { method: "GET", url: "/cache/key", headers: {} } as IncomingMessage;
    expect((await refused(gate(unsigned, nobody))).code).to.equal("MissingAuthenticationToken");
  });

  it("holds presigned URLs to the role that signed them", async () => {
    const url = "/cache/key?X-Amz-Credential=ASIAHOST%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
    const presigned = { method: "PUT", url, headers: {} } as IncomingMessage;
    await gateFor(allow("s3:PutObject", "arn:aws:s3:::cache/*")).gate(presigned, nobody);
    const error = await refused(gateFor(allow("s3:GetObject")).gate(presigned, nobody));
    expect(error.message).to.contain("s3:PutObject on resource: arn:aws:s3:::cache/key");
  });

  it("asks for the KMS key of a bucket that has one, for each archive read or written", async () => {
    const of = (method: string, bucket = "encrypted") => request("s3", { method, url: `/${bucket}/archive` });
    const s3 = allow("s3:*");
    const messageOf = async (method: string, ...more: object[]) =>
      (await refused(gateFor(s3, ...more).gate(of(method), nobody))).message;
    expect(await messageOf("GET")).to.contain(`kms:Decrypt on resource: ${key}`);
    expect(await messageOf("PUT")).to.contain(`kms:GenerateDataKey on resource: ${key}`);
    const bucket = (name: string) => ({ StringLike: { "kms:EncryptionContext:aws:s3:arn": `arn:aws:s3:::${name}` } });
    const both = { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: key };
    expect(await messageOf("PUT", { ...both, Condition: bucket("other") })).to.contain("kms:GenerateDataKey");
    for (const method of ["GET", "PUT"]) {
      await gateFor(s3, { ...both, Condition: bucket("encrypted") }).gate(of(method), nobody);
      await gateFor(s3).gate(of(method, "plain"), nobody);
    }
  });

  it("asks for the key that an upload names, in the place of its bucket's", async () => {
    const other = "arn:aws:kms:us-east-1:123456789012:key/other";
    const headers = { "x-amz-server-side-encryption-aws-kms-key-id": other };
    const started = request("s3", { method: "POST", url: "/encrypted/archive?uploads", headers });
    const allowed = { Effect: "Allow", Action: ["s3:PutObject", "kms:*"], Resource: [key, "arn:aws:s3:::encrypted/*"] };
    expect((await refused(gateFor(allowed).gate(started, nobody))).message).to.contain(`on resource: ${other}`);
  });

  it("bounds a session by the policy that its role was taken with", async () => {
    const { gate } = gateFor(allow("s3:*"));
    const of = (method: string, url: string) => gate(request("s3", { method, url }, "ASIAJOB"), nobody);
    for (const [method, url] of [
      ["PUT", "/cache/own"],
      ["POST", "/cache/own?uploads"],
      ["PUT", "/cache/own?partNumber=1&uploadId=u"],
      ["POST", "/cache/own?uploadId=u"],
    ]) {
      await of(method!, url!);
    }
    for (const [method, url] of [
      ["GET", "/cache/own"],
      ["PUT", "/cache/other"],
      ["DELETE", "/cache/own?uploadId=u"],
      ["GET", "/cache?list-type=2"],
    ]) {
      expect((await refused(of(method!, url!))).message, url).to.contain("because no session policy allows the s3:");
    }
  });

  it("takes 5 GB in one request and no more, from an administrator too", async () => {
    const { gate } = gateFor(allow("s3:PutObject"));
    const of = (length: number, key?: string) =>
      gate(
        request("s3", { method: "PUT", url: "/cache/key", headers: { "content-length": String(length) } }, key),
        nobody,
      );
    const limit = 5 * 1024 ** 3;
    await of(limit);
    for (const key of ["ASIAHOST", "sandbox"])
      expect((await refused(of(limit + 1, key))).code).to.equal("EntityTooLarge");
  });

  it("hides from who may not list a bucket what is absent in it", async () => {
    const get = request("s3", { method: "GET", url: "/cache/key" });
    const blind = await gateFor(allow("s3:GetObject")).gate(get, nobody);
    expect(blind.answered!(404)?.message).to.contain("s3:ListBucket on resource: arn:aws:s3:::cache because");
    expect(blind.answered!(200)).to.equal(undefined);
    const seeing = await gateFor(allow("s3:*")).gate(get, nobody);
    expect(seeing.answered).to.equal(undefined);
  });

  it("heeds the policies of buckets with their conditions, for whomever they name", async () => {
    const { gate } = gateFor(allow("s3:*"));
    const put = (bucket: string, key?: string, headers = {}) =>
      gate(request("s3", { method: "PUT", url: `/${bucket}/archive`, headers }, key), nobody);
    const refusalOf = async (work: Promise<unknown>) => (await refused(work)).message;
    const explicit = "with an explicit deny in a resource-based policy";
    for (const key of ["ASIAHOST", "sandbox"]) {
      await put("ours", key);
      expect(await refusalOf(put("wrong", key))).to.contain(
        `s3:PutObject on resource: "arn:aws:s3:::wrong/archive" ${explicit}`,
      );
      expect(await refusalOf(put("encrypting", key, { "x-amz-server-side-encryption": "AES256" }))).to.contain(
        explicit,
      );
      await put("encrypting", key, { "x-amz-server-side-encryption": "aws:kms" });
    }
    expect(await refusalOf(put("others"))).to.contain(explicit);
    await put("others", "sandbox");
    // Of whatever an administrator does at S3, the sandbox does not know what it needs.
    await gate(request("s3", { method: "GET", url: "/wrong?acl" }, "sandbox"), nobody);
  });

  it("tells of changes of IAM, also by administrators, once they are made", async () => {
    const { gate, changes } = gateFor();
    const { answered } = await gate(request("iam", {}, "sandbox"), nobody);
    expect(changes()).to.equal(0);
    expect(answered!(200)).to.equal(undefined);
    expect(changes()).to.equal(1);
  });
});

describe("IAM: refusals", () => {
  it("have each service's form", async () => {
    const { gate } = gateFor();
    const form = { headers: { "content-type": "application/x-www-form-urlencoded" } };
    const cases: [IncomingMessage, string, number, RegExp][] = [
      [ecs("StopTask"), '{"task":"t"}', 400, /^{"__type":"AccessDeniedException","message":"User: arn/],
      [request("ec2", form), "Action=DescribeInstances", 403, /^<\?xml.*<Response>.*<Code>UnauthorizedOperation</],
      [request("iam", form), "Action=ListRoles", 403, /^<ErrorResponse>.*<Code>AccessDenied<.*iam:ListRoles/],
      [request("s3", { method: "GET", url: "/b/k" }), "", 403, /<Error><Code>AccessDenied<\/Code><Message>User: arn/],
    ];
    for (const [asked, text, status, pattern] of cases) {
      const answer = refusal(asked, await refused(gate(asked, body(text))));
      expect(answer.status).to.equal(status);
      expect(answer.body).to.match(pattern);
    }
  });
});

describe("IAM: the execution role", () => {
  const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ci/job@sha256:aa";
  const task = { id: "t1", overrides: {}, definition: { executionRoleArn: roleArn } } as unknown as Task;
  const as = (...statements: object[]) => createExecutionRole(gateFor(...statements).authorizer);

  it("pulls an image with all that a pull needs", async () => {
    await as(allow("ecr:*")).pullImage(task, image);
    await as(allow("ecr:GetAuthorizationToken"), allow("ecr:Batch*"), allow("ecr:GetDownload*")).pullImage(task, image);
  });

  it("says as ECS does what is missing", async () => {
    const login = await refused(as().pullImage(task, image));
    expect(login.message).to.match(
      /^ResourceInitializationError: .*assumed-role\/host\/t1 is not .*: ecr:GetAuthorizationToken on resource: \* because/,
    );
    const layer = await refused(
      as(allow("ecr:GetAuthorizationToken"), allow("ecr:BatchGetImage")).pullImage(task, image),
    );
    expect(layer.message).to.match(
      /^CannotPullContainerError: .*ecr:BatchCheckLayerAvailability on resource: \S+ci\/job /,
    );
    const log = await refused(as().writeLog(task, "CreateLogStream", "g", "s"));
    expect(log).to.include({ name: "AccessDeniedException" });
    expect(log.message).to.contain(
      "logs:CreateLogStream on resource: arn:aws:logs:us-east-1:123456789012:log-group:g:",
    );
  });

  it("is not needed for other registries", async () => {
    await as().pullImage(task, "docker.io/library/alpine:3");
  });
});

describe("IAM: a role's policies", () => {
  const text = (action: string) => JSON.stringify({ Statement: [allow(action)] });
  /** An IAM with one role: an inline and an attached policy, and a boundary. */
  function fakeIam() {
    const answers: Record<string, (input: { PolicyArn?: string }) => object> = {
      GetRoleCommand: () => ({ Role: { PermissionsBoundary: { PermissionsBoundaryArn: "arn:b" } } }),
      ListRolePoliciesCommand: () => ({ PolicyNames: ["inline"] }),
      ListAttachedRolePoliciesCommand: () => ({ AttachedPolicies: [{ PolicyArn: "arn:a" }] }),
      GetRolePolicyCommand: () => ({ PolicyDocument: encodeURIComponent(text("inline:*")) }),
      GetPolicyCommand: () => ({ Policy: { DefaultVersionId: "v1" } }),
      GetPolicyVersionCommand: ({ PolicyArn }) => ({ PolicyVersion: { Document: text(`${PolicyArn?.slice(-1)}:*`) } }),
    };
    let calls = 0;
    const send = async (command: { constructor: { name: string }; input: object }) => {
      calls++;
      return answers[command.constructor.name]!(command.input);
    };
    return { iam: { send } as unknown as IAMClient, answers, calls: () => calls };
  }

  it("are its inline and attached ones, and its boundary", async () => {
    const { identity, boundary } = await new RolePolicies(fakeIam().iam).of("host");
    expect(identity.map(({ statements }) => statements[0]!.action.patterns)).to.deep.equal([["inline:*"], ["a:*"]]);
    expect(boundary?.statements[0]!.action.patterns).to.deep.equal(["b:*"]);
  });

  it("are read once, and again after a change", async () => {
    const { iam, calls } = fakeIam();
    const policies = new RolePolicies(iam);
    await Promise.all([policies.of("host"), policies.of("host")]);
    const once = calls();
    await policies.of("host");
    expect(calls()).to.equal(once);
    policies.forget();
    await policies.of("host");
    expect(calls()).to.equal(2 * once);
  });

  it("are none where the role is gone", async () => {
    const { iam, answers } = fakeIam();
    answers.GetRoleCommand = () => {
      throw Object.assign(new Error("gone"), { name: "NoSuchEntityException" });
    };
    expect(await new RolePolicies(iam).of("host")).to.deep.equal({ identity: [] });
  });
});
