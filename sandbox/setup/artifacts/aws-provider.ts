/** The real aws provider, for what is held to it: no part of the sandbox needs it. */
import { chmod, cp, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import awsSdk from "@pulumi/aws/package.json";
import type { Artifact } from "../artifact";
import { keepClients, keepServices } from "../aws-provider/keep";
import { goBuild, goCommand, goEnvironment } from "../go";
import { filesUnder, recipe } from "../recipes";
import { versions } from "../versions";

const module = recipe("aws-provider");
const terraform = "github.com/hashicorp/terraform-provider-aws";

/** What types.json needs, and what these packages need in turn. */
const services = "account cloudwatch ec2 ecr ecs iam logs meta organizations s3 s3control servicequotas sns ssm sts";
/** Of the SDK, which calls CloudWatch Logs otherwise. */
const clients = `${services} cloudwatchlogs`;

export const awsProviderFile = "pulumi-resource-aws";

/** Where the engine looks for it in PULUMI_HOME/plugins. */
export const awsPluginFolder = `resource-aws-v${awsSdk.version}`;

/**
 * From the source of Terraform's provider in a fork of the same version that exports it, cut down to the services of the
 * program. go.sum has the fork's checksum; the checksum database does not know it.
 */
export const awsProvider: Artifact = {
  name: "aws-provider",
  inputs: [versions.go, awsSdk.version, services, clients],
  files: filesUnder(module),
  async build({ dir, scratch, run }) {
    const go = (...args: string[]) => run(goCommand, args, { cwd: scratch, env: goEnvironment });
    for (const file of filesUnder(module)) await cp(file, path.join(scratch, path.basename(file)));
    const { Dir } = JSON.parse(await go("mod", "download", "-json", terraform)) as { Dir: string };
    await copySource(Dir, path.join(scratch, "terraform"));
    await go("mod", "edit", `-replace=${terraform}=./terraform`);
    await goBuild(run, {
      module: scratch,
      target: ".",
      output: path.join(dir, awsProviderFile),
      variables: { "main.version": awsSdk.version },
      // Other checks run beside it, and its largest package takes a gigabyte.
      packagesAtATime: 1,
    });
  },
};

/** A copy that can be changed, as what is in the module cache cannot. */
async function copySource(module: string, target: string): Promise<void> {
  const kept = services.split(" ");
  const isWanted = (source: string) => {
    const [, service] = /\/internal\/service\/(\w+)$/.exec(source) ?? [];
    return !source.endsWith("_test.go") && (service === undefined || kept.includes(service));
  };
  for (const part of ["go.mod", "internal", "names", "version", "xpprovider"]) {
    await cp(path.join(module, part), path.join(target, part), { recursive: true, filter: isWanted });
  }
  const change = async (file: string, keep: (source: string) => string) => {
    const copy = path.join(target, file);
    await chmod(copy, 0o644);
    await writeFile(copy, keep(await readFile(copy, "utf8")));
  };
  await change("internal/provider/sdkv2/service_packages_gen.go", (source) => keepServices(source, kept));
  await change("internal/conns/awsclient_gen.go", (source) => keepClients(source, clients.split(" ")));
}
