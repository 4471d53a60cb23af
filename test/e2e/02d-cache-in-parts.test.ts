/** The jobs' cache transferred in parts, as S3 takes 5 GB at most in one request. */
import { HeadObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { accountId, awsEndpoint } from "../../sandbox/config";
import { cachingPipeline } from "../support/caches";
import { deploy, pulumiOk } from "../support/engine";
import { onHost } from "../support/host";
import { administrator, granted, roleName } from "../support/permissions";
import { runCi, scriptLines } from "../support/pipelines";
import { scratch, useSandbox } from "../support/sandbox";
import { withSettings } from "../support/stack";

const s3 = new S3Client({ ...administrator, forcePathStyle: true });
/** The helper in the task asks S3 itself now; on AWS it needs no address. */
const endpoint = { AWS_ENDPOINT_URL: awsEndpoint };
/** Two parts of 16 MiB, and a third. */
const large = ["mkdir -p kept", "head -c 40000000 /dev/urandom > kept/random"];

describe("a cache in parts", () => {
  useSandbox();
  const folder = scratch();
  let role: string;
  let bucket: string;
  before(async () => {
    await deploy(await withSettings(folder, { "cache.multipart": true }));
    // A request for jobs that it made before is answered by a job that knows nothing of the new configuration.
    await onHost("systemctl restart gitlab-runner");
    role = await roleName("cache-transfer");
    bucket = (await pulumiOk(["stack", "output", "cacheBucket"])).stdout.trim();
  });
  after(async () => {
    await deploy();
    folder.remove();
  });

  it("is filled in parts, and found again", async () => {
    const { jobs } = await runCi(cachingPipeline("in-parts", endpoint, large));
    const [fill, find] = jobs;
    expect(fill!.trace, fill!.trace).to.contain("Using GoCloud URL for cache upload").and.contain("Created cache");
    // The job's credentials are for its archive, and do not list the bucket.
    expect(fill!.trace).to.contain("This 403 is expected if the file doesn't exist");
    expect(find!.trace, find!.trace)
      .to.contain("Using GoCloud URL for cache download")
      .and.contain("Successfully extracted cache");
    expect(scriptLines(find!.trace)).to.include("by-fill");

    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    const [archive] = Contents.filter(({ Key }) => Key!.includes("in-parts"));
    const { ETag, ContentLength } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: archive!.Key }));
    expect(ContentLength).to.be.greaterThan(40_000_000);
    expect(ETag).to.match(/-3"$/);
  });

  it("needs all that its role may do, which the hosts alone may take", async () => {
    expect((await granted(role)).map(({ action, resource }) => [action, resource])).to.deep.equal([
      ["s3:GetObject", `arn:aws:s3:::${bucket}/*`],
      ["s3:PutObject", `arn:aws:s3:::${bucket}/*`],
    ]);
    const RoleArn = `arn:aws:iam::${accountId}:role/${role}`;
    const taken = (await granted(await roleName("host"))).filter(({ action }) => action === "sts:AssumeRole");
    expect(taken.map(({ resource }) => resource)).to.deep.equal([RoleArn]);
    const assume = new STSClient(administrator).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
    await assume.then(
      () => expect.fail("an administrator has taken the role"),
      (error: Error) =>
        expect(error.message).to.contain(`not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`),
    );
  });
});
