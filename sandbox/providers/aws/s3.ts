/** S3 buckets. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  type BucketLocationConstraint,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList, tagList } from "./common";

/** HeadBucket has no body, so no name of its own for a missing bucket. */
const GONE = ["NoSuchBucket", "NotFound"];

export function s3Resources(clientsFor: ClientsFor): Record<string, Resource> {
  return { "aws:s3/bucket:Bucket": bucket(clientsFor) };
}

function bucket(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "bucket", maxLength: 63, lowercase: true, prefixProperty: "bucketPrefix" },
      replaceOn: ["bucket", "bucketPrefix", "region", "objectLockEnabled"],
      async create(inputs, context) {
        const { s3, region } = clientsFor(context, inputs);
        const Bucket = inputs.bucket as string;
        // The one region that may not be named.
        const location = region === "us-east-1" ? undefined : (region as BucketLocationConstraint);
        await s3.send(
          new CreateBucketCommand({
            Bucket,
            CreateBucketConfiguration: location && { LocationConstraint: location },
          }),
        );
        await setTags(s3, Bucket, inputs);
        return { id: Bucket, outputs: { ...inputs, ...addresses(Bucket, region) } };
      },
      async read(id, state, context) {
        const { s3, region } = clientsFor(context, state);
        const found = await unlessGone(s3.send(new HeadBucketCommand({ Bucket: id })), ...GONE);
        if (!found) return undefined;
        const tags = await unlessGone(s3.send(new GetBucketTaggingCommand({ Bucket: id })), "NoSuchTagSet");
        return { ...state, ...addresses(id, region), bucket: id, tags: fromTagList(tags?.TagSet) };
      },
      async update(id, state, inputs, context) {
        const { s3, region } = clientsFor(context, inputs);
        if (changed(state, inputs, "tags")) await setTags(s3, id, inputs);
        return { ...inputs, ...addresses(id, region) };
      },
      async delete(id, state, context) {
        const { s3 } = clientsFor(context, state);
        if (state.forceDestroy === true) await unlessGone(empty(s3, id), ...GONE);
        await unlessGone(s3.send(new DeleteBucketCommand({ Bucket: id })), ...GONE);
      },
    },
  );
}

function addresses(bucket: string, region: string): Props {
  return {
    arn: `arn:aws:s3:::${bucket}`,
    bucketDomainName: `${bucket}.s3.amazonaws.com`,
    bucketRegionalDomainName: `${bucket}.s3.${region}.amazonaws.com`,
    bucketRegion: region,
  };
}

async function setTags(s3: S3Client, Bucket: string, inputs: Props): Promise<void> {
  const TagSet = tagList(inputs);
  await (TagSet.length > 0
    ? s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
    : s3.send(new DeleteBucketTaggingCommand({ Bucket })));
}

/** Removes all objects in all their versions. */
async function empty(s3: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    // Always the first page: what it held is gone afterwards.
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return;
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (Errors?.length) throw new Error(`emptying bucket ${Bucket}: ${Errors[0].Key}: ${Errors[0].Message}`);
  }
}
