/**
 * The policies that `npm run policies` writes: a deployer with nothing but these takes the stack down and makes it again,
 * and whoever previews can do that and no more.
 */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { parseDocument } from "yaml";
import { accountId, region, stackName } from "../../sandbox/config";
import { policyFiles } from "../../scripts/policies";
import { pulumi, pulumiOk } from "../support/engine";
import { administrator } from "../support/permissions";
import { runWith } from "../support/pipelines";
import { sandboxOk, scratch, useSandbox } from "../support/sandbox";
import { stackFile } from "../support/stack";

const iam = new IAMClient(administrator);
const sts = new STSClient(administrator);
const documents = policyFiles({ region, account: accountId, stack: stackName });

/** A role with these policies; the path of a stack file whose provider has its credentials. */
async function actingAs(folder: ReturnType<typeof scratch>, RoleName: string, names: string[]): Promise<string> {
  const Statement = [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: accountId } }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  for (const PolicyName of names) {
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: documents[PolicyName] }));
  }
  const assume = new AssumeRoleCommand({ RoleArn: Role!.Arn, RoleSessionName: "test" });
  const { Credentials } = await sts.send(assume);
  const file = folder.file(`Pulumi.${RoleName}.yaml`, readFileSync(stackFile, "utf8"));
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials!;
  for (const [key, value] of Object.entries({
    accessKey: AccessKeyId,
    secretKey: SecretAccessKey,
    token: SessionToken,
  })) {
    await pulumiOk(["config", "set", "--secret", `aws:${key}`, value!, "--config-file", file]);
  }
  return file;
}

describe("the policies of previews and deployments", () => {
  useSandbox();
  const folder = scratch();
  const roles = { deployer: Object.keys(documents), previewer: ["preview.json"] };
  let deployer: string;
  let previewer: string;
  before(async () => {
    deployer = await actingAs(folder, "deployer", roles.deployer);
    previewer = await actingAs(folder, "previewer", roles.previewer);
  });
  after(async () => {
    // With the credentials that the committed file has, before these are gone.
    await sandboxOk(["up"]);
    for (const [RoleName, names] of Object.entries(roles)) {
      for (const PolicyName of names) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      await iam.send(new DeleteRoleCommand({ RoleName }));
    }
    folder.remove();
  });

  it("are enough to deploy, to take everything down, and to make it again", async () => {
    const as = ["--config-file", deployer];
    for (const [command, ...args] of [
      ["up", "--skip-preview"],
      ["destroy", "--skip-preview"],
      ["up", "--refresh"],
    ]) {
      const { exitCode, all } = await pulumi([command, "--yes", ...args, ...as]);
      expect(exitCode, all).to.equal(0);
    }
    const { jobs } = await runWith("job:\n  variables: {GIT_STRATEGY: none}\n  script: [echo fine]\n", {});
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
  });

  it("let whoever previews look, also at what is there, and change nothing", async () => {
    const as = ["--config-file", previewer];
    const seen = await pulumi(["preview", "--refresh", ...as]);
    expect(seen.exitCode, seen.all).to.equal(0);

    const document = parseDocument(readFileSync(previewer, "utf8"));
    document.setIn(["config", "gitlab-fargate-runners:tags"], document.createNode({ changed: "yes" }));
    const changed = folder.file("Pulumi.changed.yaml", document.toString());
    const refused = await pulumi(["up", "--yes", "--skip-preview", "--config-file", changed]);
    expect(refused.exitCode, refused.all).to.not.equal(0);
    expect(refused.all).to.match(/assumed-role\/previewer\/test is not authorized to perform: \w+:\w+ on resource/);
  });
});
