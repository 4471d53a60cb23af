/** Writes the IAM policies of whoever previews and deploys a stack: npm run policies -- --stack dev. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { UserError } from "../automation/errors";
import { valueOf } from "../automation/stack-file-yaml";
import { eachOnce } from "../components/each-once";
import { deploymentPolicies, type StackPlace } from "../components/iam/deployment-policies";
import { partitionOf } from "../components/iam/documents";
import { entriesOf, lists } from "../components/settings/entry-path";
import { record } from "../components/settings/values";

const root = path.resolve(__dirname, "..");

/** Of any stack; docs/first-deploy.md refers to them. */
export const examples = path.join(root, "docs", "policies");

/** The files of a folder of policies, by name. */
export function policyFiles(place: StackPlace): Record<string, string> {
  const { preview, deploy, deployHosts } = deploymentPolicies(place);
  const text = (document: object) => `${JSON.stringify(document, undefined, 2)}\n`;
  return { "preview.json": text(preview), "deploy.json": text(deploy), "deploy-hosts.json": text(deployHosts) };
}

/** What a stack's file says of where the stack is. */
export function placeOf(stack: string, file: string, account?: string): StackPlace {
  const config = record(record(valueOf(file, "the stack's file")).config);
  const text = (key: string) => (typeof config[key] === "string" ? config[key] : undefined);
  const region = text("aws:region");
  const permissionsBoundary = text("gitlab-fargate-runners:permissionsBoundary");
  const kmsKeyArn = text("gitlab-fargate-runners:kmsKeyArn");
  const taskRoles = taskRolesOf(config);
  return {
    stack,
    account,
    region,
    permissionsBoundary,
    kmsKeyArn,
    taskRoles,
    partition: region && partitionOf(region),
  };
}

function taskRolesOf(config: Record<string, unknown>): string[] {
  const own = Object.fromEntries(lists.map((list) => [list, config[`gitlab-fargate-runners:${list}`]]));
  const roles = entriesOf(own).map(([, { taskRole }]) => taskRole);
  return eachOnce(roles.filter((role) => typeof role === "string"));
}

interface Flags {
  stack?: string;
  account?: string;
  out?: string;
}

function write({ stack, account, out }: Flags): void {
  const place = stack === undefined ? {} : placeOf(stack, readFileSync(stackFile(stack), "utf8"), account);
  const folder = path.resolve(root, out ?? (stack === undefined ? examples : path.join("policies", stack)));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(policyFiles(place))) {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    const policy = `gitlab-runners-${stack ?? "any"}-${path.basename(name, ".json")}`;
    console.log(
      `aws iam create-policy --policy-name ${policy} --policy-document file://${path.relative(process.cwd(), file)}`,
    );
  }
}

const stackFile = (stack: string) => path.join(root, `Pulumi.${stack}.yaml`);

function existing(stack: string): string {
  if (!existsSync(stackFile(stack))) throw new InvalidArgumentError(`there is no Pulumi.${stack}.yaml`);
  return stack;
}

function accountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError("an account's id has twelve digits");
  return text;
}

if (require.main === module) {
  const program = new Command("npm run policies --")
    .description(
      "writes the IAM policies of whoever previews (preview.json) and deploys (all three) a stack, and tells how to " +
        "make them; without a stack, those of any stack into docs/policies",
    )
    .option(
      "--stack <name>",
      "its region, permissions boundary, KMS key and jobs' roles are read from Pulumi.NAME.yaml",
      existing,
    )
    .option("--account <id>", "the AWS account of the stack", accountId)
    .option("--out <folder>", "in the place of policies/STACK")
    .action(write);
  try {
    program.parse();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    program.error(`error: ${error.message}`);
  }
}
