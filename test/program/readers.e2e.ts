/**
 * The files that the program writes, read by the programs that they are for: GitLab Runner and the driver themselves.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import fc from "fast-check";
import { configToml } from "../../components/gitlab/config-toml";
import { FargateRunners } from "../../components/fargate-runners";
import { fargateToml } from "../../components/jobs/fargate-toml";
import { lookUp } from "../../components/look-ups/look-ups";
import { parseSettings } from "../../components/settings/settings";
import { projectDir } from "../../sandbox/config";
import { prepareArtifacts } from "../../sandbox/setup";
import { goCommand } from "../../sandbox/setup/go";
import { authority } from "./support/certificates";
import { deploy, only, plain, type World } from "./support/deploy";
import { allRunnerSettings, raw } from "./support/settings";

describe("the files on the host", () => {
  let folder: string;
  let runner: string;
  let driver: string;

  before("the runner and the driver", async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "readers-"));
    runner = (await prepareArtifacts({ onProgress: () => {} })).runner;
    driver = path.join(folder, "fargate");
    await execa(goCommand, ["build", "-o", driver, "./cmd/fargate"], { cwd: path.join(projectDir, "driver") });
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const call = async (program: string, ...args: string[]) => {
    const { exitCode, all } = await execa(program, args, { all: true, reject: false, env: { NO_COLOR: "1" } });
    return { exitCode, all: all!.replaceAll(/\x1b\[[0-9;]*m/g, "") };
  };
  const lint = (text: string) => call(runner, "lint", "-c", write("config.toml", text));
  const check = (text: string) => call(driver, "--config", write("fargate.toml", text), "custom", "config");

  /** Names of the runners that GitLab Runner finds in the file. */
  async function list(text: string): Promise<string[]> {
    const { all } = await call(runner, "list", "--config", write("config.toml", text));
    return all
      .split("\n")
      .filter((line) => line.includes("Executor"))
      .map((line) => line.slice(0, line.indexOf("Executor")).trim());
  }

  /** The two files of a deployment with these settings. */
  async function filesOf(settings: Record<string, unknown>, world?: World) {
    const deployment = await deploy(async () => {
      const parsed = parseSettings(raw(settings));
      return new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)) });
    }, world);
    expect(deployment.errors).to.deep.equal([]);
    const stdin = (suffix: string) =>
      plain<string>(only(deployment, "command:remote:Command", `gitlab-runners-host-${suffix}`).inputs.stdin);
    return { config: stdin("config-toml"), fargate: stdin("fargate-toml") };
  }

  const deployments: Record<string, Record<string, unknown>> = {
    "the least settings": {},
    "no runner at all": { groups: [] },
    "groups, projects and instance runners of several sizes": {
      groups: ["acme", { path: "acme/data", size: "large", limit: 2, tags: ["large"], maximumTimeout: 7200 }],
      projects: [{ path: "acme/api/app", protected: true, locked: true, maintenanceNote: "nightly" }],
      instanceRunners: [{ name: "shared", paused: true }],
      sizes: { large: { cpu: 4096, memory: 16384, ephemeralStorage: 60 } },
    },
    "all that the runner can be told": {
      runners: { ...allRunnerSettings, environment: { A: "1", B: 'quotes " and = and \\ and \u0027' } },
      groups: [
        "acme",
        { path: "acme/data", runner: { outputLimit: 1, environment: { A: "2" }, customBuildDir: true } },
      ],
    },
    "spot capacity, private subnets, no cache": {
      spot: "prefer",
      network: { vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2"] },
      cache: { enabled: false },
    },
    "a private certificate authority and an HTTP proxy": {
      caCertificates: authority,
      network: { httpProxy: { url: "http://proxy.example.com:3128", noProxy: [".example.com", "10.0.0.0/8"] } },
    },
    "archives transferred in parts, encrypted by a KMS key": {
      kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1",
      cache: { multipart: true },
    },
    "services that jobs may name, in an entry's list and in none": {
      services: { allowed: ["postgres:*", "registry.example.com/{a,b}/**"], wait: 600 },
      groups: ["acme", { path: "acme/data", services: ["redis@*"] }, { path: "acme/none", services: [] }],
    },
    "images that jobs may name, in an entry's list and in none": {
      images: { allowed: ["node:*", "registry.example.com/{a,b}/**", "x:[0-9]*"] },
      groups: ["acme", { path: "acme/data", images: ["python@*"] }, { path: "acme/none", images: [] }],
    },
    "spot capacity only on arm64": { spot: "only", architecture: "arm64" },
    "names and tags in any script": {
      groups: [
        { path: "acme/a", name: 'quotes " and \\ and \u0027' },
        { path: "acme/b", name: "Größe 📦 数据 العربية" },
        { path: "acme/c", name: "[[runners]]" },
        { path: "acme/d", name: "# no comment = 1" },
      ],
      tags: { "cost center/α": "ci 1 / 数", "a.b c": "" },
    },
  };
  for (const [what, settings] of Object.entries(deployments)) {
    it(`are read by both with ${what}`, async () => {
      const { config, fargate } = await filesOf(settings);
      const linted = await lint(config);
      expect(linted.exitCode, linted.all).to.equal(0);
      const { entries } = parseSettings(raw(settings));
      expect((await list(config)).sort()).to.deep.equal(entries.map(({ name }) => name).sort());
      const checked = await check(fargate);
      expect(checked.exitCode, checked.all).to.equal(0);
    });
  }

  it("hold any text within its value", async () => {
    // Many texts in one file: one call of each program reads them all.
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    const texts = fc.sample(text, { numRuns: 300, seed: 1 });
    const runners = texts.map((name, index) => ({ key: `group/${index}`, name, token: `glrt-${index}` }));
    const linted = await lint(configToml({ gitlabUrl: "https://git.example.com", concurrency: 1, runners }));
    expect(linted.exitCode, linted.all).to.equal(0);
    const checked = await check(
      fargateToml({
        clusterName: texts[0],
        region: "eu-central-1",
        subnetIds: ["subnet-1"],
        securityGroupIds: ["sg-1"],
        taskDefinition: "family:1",
        allowedTaskDefinitions: ["family"],
        maxSize: {},
        maxJobs: 1,
        assignPublicIp: false,
        capacityProviders: [],
        linkedLogGroup: texts[1],
        tags: Object.fromEntries(texts.map((value, index) => [`${index}${value}`, value])),
      }),
    );
    expect(checked.exitCode, checked.all).to.equal(0);
  });

  it("are refused by both where they hold a key that nobody knows", async () => {
    const { config, fargate } = await filesOf({});
    expect((await lint(config.replace("concurrent =", "concurrant ="))).exitCode).to.equal(1);
    const refused = await check(fargate.replace("Cluster =", "Clutser ="));
    expect(refused.exitCode).to.not.equal(0);
    expect(refused.all).to.contain("Clutser");
  });

  it("may name a thousand runners", async () => {
    const runners = Array.from({ length: 1000 }, (_, index) => {
      const path = `acme/team-${index}`;
      return { key: `group/${path}`, name: path, token: `glrt-${String(index).padStart(20, "0")}` };
    });
    const config = configToml({ gitlabUrl: "https://git.example.com", concurrency: 100, runners });
    const linted = await lint(config);
    expect(linted.exitCode, linted.all).to.equal(0);
    expect(await list(config)).to.have.length(1000);
    // Far beyond what one argument of a command may hold (128 KiB on Linux).
    expect(config.length).to.be.greaterThan(4 * 128 * 1024);
  });
});
