/** What is set on an S3 bucket: each of these is the whole of one of the bucket's settings, and its id is the bucket's. */
import {
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  type LifecycleRule,
  type ObjectOwnership,
  type S3Client,
  type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import type { Resource } from "../framework/definition";
import { isObject, type Props, type Value } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource } from "./common";

interface Setting {
  json?: readonly string[];
  put(s3: S3Client, Bucket: string, inputs: Props): Promise<unknown>;
  /** Rejects with one of `goneErrors` where nothing is set. */
  get(s3: S3Client, Bucket: string): Promise<unknown>;
  remove(s3: S3Client, Bucket: string): Promise<unknown>;
  goneErrors: string[];
}

export function s3SettingResources(clientsFor: ClientsFor): Record<string, Resource> {
  const define = (setting: Setting) => bucketSetting(clientsFor, setting);
  return {
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": define(publicAccessBlock),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": define(encryption),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": define(ownership),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": define(lifecycle),
    "aws:s3/bucketPolicy:BucketPolicy": define(policy),
  };
}

function bucketSetting(clientsFor: ClientsFor, setting: Setting): Resource {
  return awsResource(
    clientsFor,
    { json: setting.json },
    {
      replaceOn: ["bucket", "region"],
      async create(inputs, context) {
        const bucket = inputs.bucket as string;
        await setting.put(clientsFor(context, inputs).s3, bucket, inputs);
        return { id: bucket, outputs: inputs };
      },
      async read(id, state, context) {
        const found = setting.get(clientsFor(context, state).s3, id);
        return (await unlessGone(found, "NoSuchBucket", ...setting.goneErrors)) ? state : undefined;
      },
      async update(id, _state, inputs, context) {
        await setting.put(clientsFor(context, inputs).s3, id, inputs);
        return inputs;
      },
      async delete(id, state, context) {
        const removal = setting.remove(clientsFor(context, state).s3, id);
        await unlessGone(removal, "NoSuchBucket", ...setting.goneErrors);
      },
    },
  );
}

const publicAccessBlock: Setting = {
  put: (s3, Bucket, inputs) =>
    s3.send(
      new PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: inputs.blockPublicAcls === true,
          BlockPublicPolicy: inputs.blockPublicPolicy === true,
          IgnorePublicAcls: inputs.ignorePublicAcls === true,
          RestrictPublicBuckets: inputs.restrictPublicBuckets === true,
        },
      }),
    ),
  get: (s3, Bucket) => s3.send(new GetPublicAccessBlockCommand({ Bucket })),
  remove: (s3, Bucket) => s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
  goneErrors: ["NoSuchPublicAccessBlockConfiguration"],
};

const encryption: Setting = {
  put: (s3, Bucket, inputs) => {
    const names = { kmsMasterKeyId: "KMSMasterKeyID", sseAlgorithm: "SSEAlgorithm" };
    const Rules = (inputs.rules as Props[]).map((rule) => capitalized(rule, names));
    return s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: { Rules: Rules as unknown as ServerSideEncryptionRule[] },
      }),
    );
  },
  get: (s3, Bucket) => s3.send(new GetBucketEncryptionCommand({ Bucket })),
  remove: (s3, Bucket) => s3.send(new DeleteBucketEncryptionCommand({ Bucket })),
  goneErrors: ["ServerSideEncryptionConfigurationNotFoundError"],
};

const lifecycle: Setting = {
  put: (s3, Bucket, inputs) => {
    const Rules = (inputs.rules as Props[]).map((rule) => capitalized(rule, { id: "ID" }) as unknown as LifecycleRule);
    return s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  },
  get: (s3, Bucket) => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  remove: (s3, Bucket) => s3.send(new DeleteBucketLifecycleCommand({ Bucket })),
  goneErrors: ["NoSuchLifecycleConfiguration"],
};

const ownership: Setting = {
  put: (s3, Bucket, inputs) => {
    const { objectOwnership: ObjectOwnership } = inputs.rule as { objectOwnership: ObjectOwnership };
    return s3.send(
      new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }),
    );
  },
  get: (s3, Bucket) => s3.send(new GetBucketOwnershipControlsCommand({ Bucket })),
  remove: (s3, Bucket) => s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket })),
  goneErrors: ["OwnershipControlsNotFoundError"],
};

const policy: Setting = {
  json: ["policy"],
  put: (s3, Bucket, inputs) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: inputs.policy as string })),
  get: (s3, Bucket) => s3.send(new GetBucketPolicyCommand({ Bucket })),
  remove: (s3, Bucket) => s3.send(new DeleteBucketPolicyCommand({ Bucket })),
  goneErrors: ["NoSuchBucketPolicy"],
};

/** Writes property names as the API does: with a capital, except those that it spells otherwise. */
function capitalized(value: Value, spelled: Record<string, string>): Value {
  if (Array.isArray(value)) return value.map((item) => capitalized(item, spelled));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      spelled[key] ?? key[0].toUpperCase() + key.slice(1),
      capitalized(item, spelled),
    ]),
  );
}
