/**
 * Lets requests with the credentials of a role, which an instance, a task or whoever assumed it has, do what the role's
 * policies allow.
 *
 * Limits: signatures are not verified, and whoever signs with keys that are not temporary (the engine's, the tests') is
 * an administrator, whom the policy of a bucket alone can refuse something.
 */
import type { IncomingMessage } from "node:http";
import type { TaskDefinition } from "../ecs/types";
import { AwsError } from "../protocol";
import { objectKeyPermissions, type BucketKey } from "../s3/bucket-key";
import type { BucketPolicies } from "../s3/bucket-policies";
import { AccessDenied, type Authorizer } from "./authorizer";
import { operationOf, signatureOf } from "./caller";
import { ec2Permissions, type Ec2Records } from "./ec2-permissions";
import { ecsPermissions } from "./ecs-permissions";
import type { Permission } from "./evaluate";
import { permissionsOf } from "./permissions";
import type { Principal } from "./principal";
import { s3Permissions, s3PermissionsIfKnown } from "./s3-permissions";

export interface GateOptions {
  authorizer: Authorizer;
  /** Whose an access key is; undefined for one that no role has. */
  principal(accessKeyId: string): Principal | undefined;
  /** The task definition that a name resolves to. @throws AwsError where there is none */
  taskDefinition(name: string): Promise<TaskDefinition>;
  ec2: Ec2Records;
  bucketKey: BucketKey;
  bucketPolicies: BucketPolicies;
  /** Something of IAM was changed. */
  changed(): void;
}

export interface Admission {
  /** The request's body, where it had to be read. */
  body?: Buffer;
  /** Called with the answer's status before it is passed on; an error takes the answer's place. */
  answered?(status: number): AwsError | undefined;
}

export type Gate = (request: IncomingMessage, read: () => Promise<Buffer>) => Promise<Admission>;

/** Temporary keys, which only roles have here: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes */
const temporary = "ASIA";

/** Of one request, an object's or a part's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const maxUpload = 5 * 1024 ** 3;

function checkSize({ method, headers }: IncomingMessage): void {
  if (method !== "PUT" || Number(headers["content-length"] ?? 0) <= maxUpload) return;
  throw new AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
}

/** The returned gate throws AwsError where a request is refused. */
export function createGate({
  authorizer,
  principal: find,
  taskDefinition,
  ec2,
  bucketKey,
  bucketPolicies,
  changed,
}: GateOptions): Gate {
  async function needed(service: string, request: IncomingMessage, body: Buffer): Promise<Permission[]> {
    const { name, parameters } = operationOf(request, body);
    if (name === "") throw new AwsError("NotImplemented", `The sandbox cannot tell what is asked of ${service}.`, 501);
    if (service === "ec2") return ec2Permissions(name, parameters, ec2);
    if (service !== "ecs") return permissionsOf(service, name, parameters);
    const definition = name === "RunTask" ? await taskDefinition(String(parameters.taskDefinition)) : undefined;
    return ecsPermissions(name, parameters, definition);
  }

  async function admitToS3(principal: Principal, request: IncomingMessage): Promise<Admission> {
    const { method = "GET", url = "/", headers } = request;
    const { needed, toSeeAbsence } = s3Permissions(method, url, headers);
    await authorizer.require(principal, needed);
    await bucketPolicies(principal, needed);
    const named = headers["x-amz-server-side-encryption-aws-kms-key-id"]?.toString();
    for (const permission of needed) {
      const keyOf: BucketKey = async (bucket) => named ?? (await bucketKey(bucket));
      await authorizer.require(principal, await objectKeyPermissions(permission, keyOf));
    }
    const blind = toSeeAbsence && (await authorizer.denial(principal, toSeeAbsence));
    if (!blind) return {};
    return { answered: (status) => (status === 404 ? new AccessDenied(blind) : undefined) };
  }

  return async (request, read) => {
    const signature = signatureOf(request);
    if (!signature) throw new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
    const { accessKeyId, service } = signature;
    const { method = "GET", url = "/", headers } = request;
    if (service === "s3") checkSize(request);
    const answered = service === "iam" ? () => void changed() : undefined;
    const principal = find(accessKeyId);
    if (!principal && accessKeyId.startsWith(temporary)) {
      throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
    }
    if (service === "s3" && principal) return admitToS3(principal, request);
    if (service === "s3") await bucketPolicies("administrator", s3PermissionsIfKnown(method, url, headers));
    if (!principal) return { answered };
    const body = await read();
    await authorizer.require(principal, await needed(service, request, body));
    return { body, answered };
  };
}
