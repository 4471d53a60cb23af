/** The stack's AWS resources held to CloudFormation's schemas, which cfn-lint has: it comes with moto's environment. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { prepareArtifacts } from "../../sandbox/setup";
import { scratch } from "../support/scratch";
import { templateOf } from "./support/cloud-formation";
import type { Registered } from "./support/deploy";
import { run } from "./support/program";
import { variants } from "./support/variants";

/** Forms of ids: the mocks have ids of their own. */
const ignored = ["E115"];

describe("cfn-lint", function () {
  const folder = scratch();
  let python: string;
  before(async () => {
    python = (await prepareArtifacts({ onProgress: () => {} })).motoPython;
  });
  after(() => folder.remove());

  /** "E3031: … (path)" of each of its errors and warnings. */
  async function lint(resources: Registered[]): Promise<string[]> {
    const file = path.join(folder.dir, "template.json");
    writeFileSync(file, JSON.stringify(templateOf(resources)));
    const main = "import sys; from cfnlint.runner import main; sys.exit(main())";
    const args = ["-c", main, "--format", "json", "--regions", "eu-central-1", "--ignore-checks", ...ignored];
    const { stdout, stderr } = await execa(python, [...args, "--template", file], { reject: false });
    if (!stdout.startsWith("[")) throw new Error(`cfn-lint: ${stdout}${stderr}`);
    const found = JSON.parse(stdout) as { Rule: { Id: string }; Message: string; Location: { Path: string[] } }[];
    return found.map(({ Rule, Message, Location }) => `${Rule.Id}: ${Message} (${Location.Path.join(".")})`);
  }

  const registered = async (settings: Record<string, unknown>, stack: string) => {
    const { errors, resources } = await run(settings, { stack });
    expect(errors).to.deep.equal([]);
    return resources;
  };

  for (const [what, settings, stack] of variants) {
    it(`finds nothing in ${what}`, async () => {
      expect(await lint(await registered(settings, stack))).to.deep.equal([]);
    });
  }

  it("finds what AWS would refuse", async () => {
    const [, settings, stack] = variants[1];
    const wrong: Record<string, [name: string, value: unknown]> = {
      "aws:ec2/securityGroup:SecurityGroup": ["description", "SSH from the runner's host"],
      "aws:cloudwatch/logGroup:LogGroup": ["retentionInDays", 31],
      "aws:cloudwatch/metricAlarm:MetricAlarm": ["statistic", "Max"],
      "aws:ecs/taskDefinition:TaskDefinition": ["memory", "1000"],
    };
    const resources = (await registered(settings, stack)).map((one) => {
      const [name, value] = wrong[one.type] ?? [];
      return name ? { ...one, inputs: { ...one.inputs, [name]: value } } : one;
    });
    const found = (await lint(resources)).join("\n");
    expect(found)
      .to.match(/runner's host/)
      .and.match(/31 is not one of/)
      .and.match(/'Max' is not one of/);
    expect(found).to.contain("Cpu '256' is not compatible with memory '1000'");
  });
});
