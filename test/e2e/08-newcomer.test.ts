/** A first `pulumi preview` of the stack `dev` in a fresh clone: whatever is missing is named, with the way out. */
import { expect } from "chai";
import { execa } from "execa";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Report } from "../../automation/report/report";
import { previewOnMocks, settingsOf } from "../preview-mocks";
import { gitlabTokens, gitlabUrl, projectDir } from "../../sandbox/config";
import { engineEnvironment } from "../../sandbox/engine";
import { entering } from "../../sandbox/world/namespaces";
import { linkProject } from "../support/clone";
import { status, useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";

const apiUrl = `${gitlabUrl}/api/v4/`;

describe("a first preview", () => {
  useSandbox();
  const folder = scratch();
  const clone = path.join(folder.dir, "clone");
  let env: NodeJS.ProcessEnv;
  let daemon: number;

  before("a clone, a backend and a home of its own, on the sandbox's AWS and GitLab", async () => {
    linkProject(clone);
    const { pid, debugProviders } = await status();
    const { PULUMI_CONFIG_PASSPHRASE: _, ...engine } = await engineEnvironment(debugProviders);
    const home = path.join(folder.dir, "home");
    const backend = path.join(folder.dir, "backend");
    for (const dir of [home, backend]) mkdirSync(dir);
    symlinkSync(path.join(engine.PULUMI_HOME!, "versions"), path.join(home, "versions"));
    daemon = pid;
    env = { ...engine, PULUMI_HOME: home, PULUMI_BACKEND_URL: `file://${backend}` };
  });
  after(() => folder.remove());

  async function pulumi(args: string[], input?: string) {
    const entry = path.join(projectDir, "node_modules", ".bin", "pulumi");
    const options = { cwd: clone, env, extendEnv: false, reject: false, all: true, input: input ?? "" };
    const command = [entry, ...args, "--non-interactive", "--color", "never"];
    const [file, ...rest] = entering(daemon, clone, command);
    const { exitCode, all } = await execa(file, rest, options);
    return { exitCode, all: all! };
  }
  const set = async (key: string, value: string, ...flags: string[]) => {
    const { exitCode, all } = await pulumi(["config", "set", key, ...flags], value);
    expect(exitCode, all).to.equal(0);
  };
  /** What the preview, which fails, says: no stack trace, and nothing that would be created but the stack itself. */
  async function failingPreview(): Promise<string> {
    const { exitCode, all } = await pulumi(["preview"]);
    expect(exitCode, all).to.not.equal(0);
    expect(all, all).to.not.match(/\n\s+at .*\.ts:/);
    expect(all).to.not.match(/^ \+ +(aws|awsx|gitlab|command):/m);
    return all;
  }

  it("without a stack says how to make one", async () => {
    expect(await failingPreview()).to.contain(
      "no stack selected; please use `pulumi stack select` or `pulumi stack init`",
    );
  });

  it("without a passphrase names the variable, before and after the stack is made", async () => {
    const variable = "passphrase must be set with PULUMI_CONFIG_PASSPHRASE";
    const refused = await pulumi(["stack", "init", "dev"]);
    expect(refused.exitCode).to.not.equal(0);
    expect(refused.all).to.contain(variable);

    env.PULUMI_CONFIG_PASSPHRASE = "only for this test";
    const { exitCode, all } = await pulumi(["stack", "init", "dev"]);
    expect(exitCode, all).to.equal(0);
    delete env.PULUMI_CONFIG_PASSPHRASE;
    expect(await failingPreview()).to.contain(variable);
    env.PULUMI_CONFIG_PASSPHRASE = "only for this test";
  });

  it("without the required settings names each, with the command that sets it", async () => {
    const said = await failingPreview();
    expect(said).to.match(
      /host\.adminCidrs: required.*pulumi config set --path 'gitlab-fargate-runners:host\.adminCidrs\[0\]'/,
    );
    expect(said).to.match(/host\.runner\.sha256: required.*gitlab-runner-linux-arm64/);
    expect(said).to.match(/host\.runner\.helperSha256: required.*gitlab-runner-helper\.x86_64/);
    expect(said)
      .to.match(/gitlab:token: required; make one with the scopes .*pulumi config set gitlab:token --secret/)
      .and.not.contain("gitlab:baseUrl");

    await set("host.adminCidrs[0]", "203.0.113.7/32", "--path");
    for (const sum of ["sha256", "helperSha256"]) await set(`host.runner.${sum}`, "ab".repeat(32), "--path");
    await set("gitlab:token", "glpat-wrong", "--secret");
    expect(await failingPreview()).to.not.contain("required");
  });

  it("with a key in the file that nobody reads, or that has no namespace, says what to write", async () => {
    const file = path.join(clone, "Pulumi.dev.yaml");
    const text = readFileSync(file, "utf8");
    const more = "  groups: [acme/other]\n  gitlab-fargate-runner:spot: never\n";
    writeFileSync(file, `tags: {}\n${text.replace(/^config:\n/m, `config:\n${more}`)}`);
    const said = await failingPreview();
    writeFileSync(file, text);
    expect(said).to.contain("groups: without its namespace; write gitlab-fargate-runners:groups; beside");
    expect(said).to.match(/gitlab-fargate-runner:spot: nobody reads .* did you mean gitlab-fargate-runners:spot\?/);
    expect(said).to.contain("tags: at the margin, where nobody reads it");
  });

  it("with secrets in plain text, within a list of encrypted ones too, says how to encrypt them", async () => {
    await set("groups[1].token", "glrt-encrypted", "--path", "--secret");
    await set("groups[1].path", "acme/data", "--path");
    const file = path.join(clone, "Pulumi.dev.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/( +- )acme\/backend\n/, "$1{ path: acme/backend, token: glrt-plain }\n"));
    const said = await failingPreview();
    writeFileSync(file, text);
    expect(said).to.match(
      /groups\[0\]\.token: in plain text .*: npx pulumi config set --secret --path 'gitlab-fargate-runners:groups\[0\]\.token'/,
    );
    expect(said).to.not.contain("groups[1].token").and.not.contain("glrt-plain");
    expect((await pulumi(["config", "rm", "--path", "gitlab-fargate-runners:groups[1]"])).exitCode).to.equal(0);
  });

  it("without credentials for AWS, or without a region, says so in the provider's words", async () => {
    expect(await failingPreview())
      .to.contain("No valid credential sources found.")
      .and.contain("https://www.pulumi.com/registry/packages/aws/installation-configuration/");
    await set("aws:skipCredentialsValidation", "true");
    expect((await pulumi(["config", "rm", "aws:region"])).exitCode).to.equal(0);
    expect(await failingPreview()).to.contain("`pulumi config set aws:region");
    await set("aws:region", "us-east-1");
    await set("host.amiId", "ami-0123456789abcdef0", "--path");
  });

  it("with a GitLab that cannot be reached names its address, once for all groups", async () => {
    await set("groups[1]", "acme/frontend", "--path");
    await set("gitlab:baseUrl", "http://127.0.0.1:1/api/v4/");
    const said = await failingPreview();
    expect(said).to.match(
      /gitlab:baseUrl: http:\/\/127\.0\.0\.1:1 cannot be reached.*pulumi config set gitlab:baseUrl/,
    );
    expect(said.split("Diagnostics:")[1].match(/gitlab:baseUrl: /g)).to.have.length(1);
    expect(said).to.not.contain("glpat-wrong");
  });

  it("with a wrong token for GitLab names it, its scopes and the command", async () => {
    await set("gitlab:baseUrl", apiUrl);
    expect(await failingPreview()).to.match(/gitlab:baseUrl: http:\/\/ shows the token.*:allowPlainHttp true/);
    await set("gitlab-fargate-runners:allowPlainHttp", "true");
    const said = await failingPreview();
    expect(said).to.match(
      /gitlab:token: .*scopes create_runner, manage_runner and read_api.*pulumi config set gitlab:token/,
    );
    expect(said.split("Diagnostics:")[1].match(/gitlab:token: /g)).to.have.length(1);
    expect(said).to.not.contain("glpat-wrong");
    await set("gitlab:token", gitlabTokens.expired.token, "--secret");
    expect(await failingPreview()).to.match(
      /gitlab:token: http:\S+ says that it has expired; make one with the scopes/,
    );
  });

  it("with a token for GitLab that only reads names the scopes that it lacks, before anything is made", async () => {
    await set("gitlab:token", gitlabTokens.reader.token, "--secret");
    const said = await failingPreview();
    expect(said).to.match(
      /gitlab:token: it has not got the scopes create_runner, .*; manage_runner, .*pulumi config set gitlab:token --secret/,
    );
    expect(said).to.not.contain(gitlabTokens.reader.token).and.not.contain("read_api, to look up");

    const deployed = await pulumi(["up", "--yes", "--skip-preview"]);
    expect(deployed.exitCode).to.not.equal(0);
    expect(deployed.all).to.match(/error: gitlab:token: it has not got the scopes create_runner/);
    expect((await pulumi(["stack", "export"])).all).to.not.match(/"type": "(aws|awsx|gitlab|command):/);
  });

  it("shows the plan once all of it is there", async () => {
    await set("gitlab:token", gitlabTokens.deployment.token, "--secret");
    const { exitCode, all } = await pulumi(["preview"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.match(/command:local:Command +gitlab-runners-host-login-key +create/);
    expect(all).to.match(/gitlab:index:UserRunner +gitlab-runners-group\/acme\/frontend +create/);
  });

  it("is reported for a first deployment as npm run preview:mocks shows it, which asks nobody", async () => {
    const file = path.join(clone, "Pulumi.dev.yaml");
    const json = path.join(folder.dir, "report.json");
    const { exitCode, all } = await pulumi(["stack", "init", "first"]);
    expect(exitCode, all).to.equal(0);
    const command = [process.execPath, "--import", "tsx", path.join(projectDir, "automation/cli.ts"), "preview"];
    const flags = ["--stack", "first", "--config-file", file, "--json", json];
    const [program, ...args] = entering(daemon, projectDir, [...command, ...flags]);
    await execa(program, args, { cwd: projectDir, env, extendEnv: false });

    const shown = ({ outcome, dangers, groups, imageToBuild, imagePlatform, unchanged, errors }: Report) => ({
      ...{ outcome, imageToBuild, unchanged, errors, platform: imagePlatform ?? "unknown" },
      dangers: dangers.map(({ id, subject }) => `${id} ${subject}`),
      changes: groups.map(({ name, changes }) => [name, ...changes.map(({ op, subject }) => `${op} ${subject}`)]),
    });
    const real = JSON.parse(readFileSync(json, "utf8")) as Report;
    // The CLI has written it as a text.
    const settings = { ...settingsOf(file), allowPlainHttp: true };
    expect(shown(await previewOnMocks("first", settings))).to.deep.equal(shown(real));
  });
});
