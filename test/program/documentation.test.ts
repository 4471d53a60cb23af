/** The documentation as a whole: its links lead somewhere, its index has every page, and its lists are the code's. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { FargateRunners } from "../../components/fargate-runners";
import { stackOutputs } from "../../components/outputs";
import * as defaults from "../../components/settings/defaults";
import { projectDir } from "../../sandbox/config";
import { versions } from "../../sandbox/setup/versions";
import { pages, rules } from "../../scripts/prose";
import { deploy, ofType, plain, type Deployment } from "./support/deploy";
import { ingress, run } from "./support/program";
import { raw } from "./support/settings";

const read = (file: string) => fs.readFileSync(path.join(projectDir, file), "utf8");

/** A page without its code, in which a bracket is no link. */
const prose = (file: string) =>
  read(file)
    .replace(/^```[^]*?^```/gm, "")
    .replace(/^ {4,}(?![-*\d]).*$/gm, (line) => (/\]\(/.test(line) ? line : ""))
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ""));

/** The part of an address that GitLab and GitHub make of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");

const anchors = (file: string) =>
  [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading.replaceAll("`", "")));

/** The rows of the first table below a heading, each as its cells. */
function tableBelow(page: string, heading: string): string[][] {
  const below = read(page).split(new RegExp(`^#+ ${heading}$`, "m"))[1];
  expect(below, `${page} has no heading ${heading}`).to.be.a("string");
  const lines = below.split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const rows = lines.slice(first, first + lines.slice(first).findIndex((line) => !line.startsWith("|")));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

describe("the documentation", () => {
  for (const page of pages({ ...rules, leftOut: [...rules.leftOut, "^\\.gitlab/"] })) {
    it(`${page}: its links lead to files, and to headings in them`, () => {
      const wrong = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link]) => link)
        .filter((link) => !/^\w+:/.test(link))
        .filter((link) => {
          const [name, anchor] = link.split("#");
          const file = name === "" ? page : path.join(path.dirname(page), name);
          if (!fs.existsSync(path.join(projectDir, file))) return true;
          return anchor !== undefined && !anchors(file).includes(anchor);
        });
      expect(wrong).to.deep.equal([]);
    });
  }

  it("has each page of docs/ in its index", () => {
    const index = read("docs/README.md");
    const names = fs.readdirSync(path.join(projectDir, "docs")).filter((name) => /\.(md|json)$/.test(name));
    expect(names.filter((name) => name !== "README.md" && !index.includes(`](${name}`))).to.deep.equal([]);
  });

  it("lists the stack's outputs", async () => {
    const documented = tableBelow("docs/reference.md", "Outputs of a stack").flatMap(([name]) => codesIn(name));
    let outputs: string[] = [];
    await deploy(() => {
      const some = pulumi.output("x");
      const runners = { clusterArn: pulumi.output("arn:aws:ecs:r:1:c/c"), logs: {}, hosts: [], cacheBucket: some };
      const all = { ...runners, alarmTopic: some, privateKey: some } as unknown as FargateRunners;
      outputs = Object.keys(stackOutputs(all));
    });
    expect(documented).to.have.members(outputs);
  });

  it("lists the driver's metrics", () => {
    const source = read("driver/internal/metrics/metrics.go");
    const documented = [...read("docs/reference.md").matchAll(/^\| `(fargate_driver_\w+)`/gm)].map(([, name]) => name);
    expect(documented).to.have.members([...source.matchAll(/\{"(fargate_driver_\w+)", "/g)].map(([, name]) => name));
  });

  it("lists the metrics in CloudWatch", () => {
    const source = read("driver/internal/report/report.go");
    const sent = [...source.matchAll(/(?:add\(of\w+, |\{)"([A-Z]\w+)", /g)].map(([, name]) => name);
    const documented = [...read("docs/operations.md").matchAll(/^\| `([A-Z]\w+)` +\| Stack/gm)].map(([, name]) => name);
    expect(documented).to.have.members([...new Set(sent)]);
  });

  describe("of networks", () => {
    const given = {
      cache: { multipart: true },
      debug: { ecsExec: true },
      dashboard: true,
      images: {
        allowed: ["registry.example.com/**"],
        registries: {
          "registry.example.com": {
            credentials: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-login-AbCdEf",
          },
        },
      },
      services: { allowed: ["redis:*"] },
      metrics: { port: 9300, allowedCidrs: ["10.0.0.0/8"], allowedSecurityGroupIds: ["sg-0123456789abcdef0"] },
    };
    /** Endpoints by the prefix of a service's actions. Roles are handed on by RunTask, and S3 calls KMS; `aws:` begins conditions' keys. */
    const endpoints: Record<string, string[]> = {
      ...{ ecs: ["ecs"], logs: ["logs"], s3: ["s3"], sts: ["sts"], cloudwatch: ["monitoring"] },
      ...{
        ecr: ["ecr.api", "ecr.dkr"],
        ssmmessages: ["ssmmessages"],
        secretsmanager: ["secretsmanager"],
        aws: [],
        iam: [],
        kms: [],
      },
    };

    let deployment: Deployment;
    before(async () => {
      deployment = await run(raw(given));
      expect(deployment.errors).to.deep.equal([]);
    });

    it("names an endpoint for each service that hosts and tasks may call, and no other", () => {
      const policies = ofType(deployment, "aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => plain(inputs).policy);
      const services = new Set([...policies.join(" ").matchAll(/"([a-z0-9]+):[A-Z]\w+"/g)].map(([, name]) => name));
      expect(services).to.include("ecs").and.include("sts");
      const needed = [...services].flatMap((service) => endpoints[service] ?? [`the endpoint of ${service}`]);
      const documented = tableBelow("docs/private-subnets.md", "4. Give them a way to AWS").flatMap(([first]) =>
        codesIn(first),
      );
      expect(documented).to.have.members(needed);
    });

    it("lists the ports that are open", () => {
      const rules = ofType(deployment, ingress);
      const ports = new Set(rules.map(({ inputs }) => (inputs.fromPort === 9300 ? "`metrics.port`" : inputs.fromPort)));
      const documented = tableBelow("docs/reference.md", "Ports").map(([, port]) => port.split(",")[0]);
      expect(new Set(documented)).to.deep.equal(new Set([...ports].map(String)));
      expect(read("docs/reference.md")).to.contain(`\`metrics.port\`, ${defaults.metricsPort} by default`);
    });
  });

  it("names the versions that the project pins, among those that are supported", () => {
    const { dependencies, devDependencies, engines } = JSON.parse(read("package.json")) as Record<
      "dependencies" | "devDependencies" | "engines",
      Record<string, string>
    >;
    const sdk = JSON.parse(read("sdks/gitlab/package.json")) as { version: string };
    const rows = Object.fromEntries(
      tableBelow("docs/support.md", "Versions").map(([what, version]) => [what, version]),
    );
    const provider = (name: string) => dependencies[`@pulumi/${name}`];
    expect(rows).to.include({
      "GitLab Runner on hosts": defaults.runner.version,
      "Pulumi CLI": `${dependencies.pulumi}, by \`npx pulumi\``,
      "Pulumi SDK": provider("pulumi"),
      "Provider aws": provider("aws"),
      "Providers awsx, command, gitlab": [provider("awsx"), provider("command"), sdk.version].join(", "),
      "Node, to deploy": `${engines.node.replace(">=", "")} or newer`,
      "Go, on hosts": defaults.go.version,
    });
    const page = read("docs/support.md");
    for (const version of [versions.pulumi, devDependencies.node]) expect(page).to.contain(version);
    expect(page).to.contain(`${defaults.oldestRunner} or newer`);
    expect(/public\.ecr\.aws\/docker\/library\/alpine:(\S+)@/.exec(read("image/Dockerfile"))![1]).to.equal("3.23");
    expect(rows["Job image"]).to.equal("Alpine 3.23");
  });
});
