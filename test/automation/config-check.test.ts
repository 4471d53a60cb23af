/** `npm run config:check`: a stack file's errors and warnings, with their lines, from the file alone. */
import { expect } from "chai";
import { execa } from "execa";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { checkStackFile } from "../../automation/config-check";
import { projectDir } from "../../automation/stack";
import { pathOf } from "../../automation/stack-file-place";
import { scratch } from "../support/scratch";

const own = "gitlab-fargate-runners";
const sum = "ab".repeat(32);
const host = `  ${own}:host: { adminCidrs: [203.0.113.0/24], runner: { sha256: ${sum} } }\n`;
const token = "  gitlab:token: { secure: v1:x:y }\n";
/** A right one, with these lines before its host. */
const file = (...lines: string[]) => `config:\n${lines.map((line) => `  ${line}\n`).join("")}${token}${host}`;
const check = (text: string) => checkStackFile(text, {});
/** "LINE beginning of the text" */
const found = (all: { line?: number; text: string }[]) => all.map(({ line, text }) => `${line} ${text.split(";")[0]}`);

describe("a stack file that is checked", () => {
  it("is right, with what is encrypted named and not looked at", () => {
    expect(check(file(`${own}:groups: [acme/backend]`))).to.deep.equal({
      errors: [],
      warnings: [],
      encrypted: ["gitlab:token"],
      notRead: [],
      unknown: false,
    });
  });

  const wrong: [string, string, string[]][] = [
    [
      "an unknown key",
      file(`${own}:groups:`, "  - acme/a", "  - path: acme/b", "    tagz: [x]"),
      ["5 groups[1].tagz: unknown key"],
    ],
    [
      "several, each with its line",
      file(`${own}:spot: always`, "", `${own}:sizes:`, "  large:", "    cpu: many", "    memory: 2048"),
      ['6 sizes.large.cpu: expected a number of CPU units, not "many"', '2 spot: "always" is unknown'],
    ],
    [
      "a size that is not there",
      file(`${own}:groups: [{ path: a, size: huge }]`),
      ["2 groups[0].size: no size 'huge'"],
    ],
    [
      "what is wrong in a map of groups, at the lines of its keys",
      file(`${own}:groups:`, "  acme/a:", "    tags: [x]", "    sise: large", "  acme/b: true", "  0: {}", "  a b: {}"),
      [
        "7 groups.0: 0 is too small: at least 1",
        '5 groups["acme/a"].sise: unknown key',
        '8 groups["a b"]: not the path of a group, like "acme/backend": "a b"',
        '6 groups["acme/b"]: keys with values are expected, like {tags: [web]}, or {} for none',
      ],
    ],
    ["a setting without its namespace", file("groups: [acme/a]"), ["2 groups: without its namespace"]],
    ["a setting at the margin", `spot: never\n${file()}`, ["1 spot: at the margin, where nobody reads it"]],
    [
      "a namespace that is nearly the project's",
      file("fargate-runners:spot: never"),
      ["2 fargate-runners:spot: nobody reads the namespace fargate-runners"],
    ],
    [
      "plain http",
      file("gitlab:baseUrl: http://gitlab.example.com"),
      ["2 gitlab:baseUrl: http:// shows the token, and those of runners and jobs, to whoever is on the way"],
    ],
    [
      "what is missing",
      `config:\n${token}  ${own}:groups: [a]\n`,
      ["undefined host.adminCidrs: required: the networks", "undefined host.runner.sha256: required: "],
    ],
    ["no YAML", "config:\n  a: [\n", ["3 no valid YAML: a line is not as far from the margin as it has to be"]],
    [
      "a namespace that is nearly the project's, before what is encrypted",
      file("gitlab-fargate-runner:host: { secure: v1:x:y }", "gitlab-fargate-runners:token: { secure: v1:x:y }"),
      ["2 gitlab-fargate-runner:host: nobody reads the namespace gitlab-fargate-runner", "3 token: unknown key"],
    ],
    [
      "a setting without its namespace, and an unknown key, of what is encrypted",
      file("spot: { secure: v1:x:y }", `${own}:projects: [{ path: a/b, tokn: { secure: v1:x:y } }]`),
      ["2 spot: without its namespace", "3 projects[0].tokn: unknown key"],
    ],
    [
      "a token at the margin, beside one that is encrypted",
      `gitlab:token: glpat-x\n${file()}`,
      ["1 gitlab:token: at the margin, where nobody reads it"],
    ],
    [
      "a pattern without quotes",
      file(`${own}:images: { allowed: [**] }`),
      ["2 no valid YAML: what begins with * is the alias of an anchor, and there is none"],
    ],
    ["an alias within its anchor", file(`${own}:groups: &a [*a]`), ["2 no valid YAML: an alias repeats what it is in"]],
    [
      "aliases of aliases of aliases",
      `a: &a [1]\nb: &b [${"*a, ".repeat(11)}]\nc: &c [${"*b, ".repeat(11)}]\n${file()}`,
      ["2 no valid YAML: what aliases repeat is too much"],
    ],
    [
      "merging what are no keys",
      file(`${own}:sizes: { large: { <<: 5 } }`),
      ["2 no valid YAML: << takes keys with values"],
    ],
    ["a config that is a list", "config:\n  - a\n", ["1 config: keys with values are expected"]],
    ["a config that is a text", "\nconfig: a\n", ["2 config: keys with values are expected"]],
    ["a file that is a list", "- a\n", ["undefined config: keys with values are expected"]],
    ...["[glpat-x]", "{ a: glpat-x }", "12345"].map((value): [string, string, string[]] => [
      `a token that is ${value}`,
      file(`gitlab:token: ${value}`).replace(token, ""),
      ["2 gitlab:token: a text is expected, encrypted"],
    ]),
    [
      "a token that is empty",
      file("gitlab:token:", `${own}:groups: [a]`).replace(token, ""),
      ["2 gitlab:token: required"],
    ],
    [
      "a secret in plain text within JSON",
      file(`${own}:projects: '[{"path":"a/b","token":"glrt-x"}]'`),
      ["2 projects[0].token: in plain text in the stack's file, where it is anybody's who can read that"],
    ],
    [
      "what stands behind an alias",
      `x: &x { cpu: 1 }\n${file(`${own}:maxSize: *x`)}`,
      ["1 maxSize.cpu: there is no 1"],
    ],
  ];
  for (const [what, text, expected] of wrong) {
    it(`is refused for ${what}`, () => {
      const told = found(check(text).errors);
      expect(told).to.have.length(expected.length);
      expected.forEach((start, index) =>
        expect(told[index], told.join("\n")).to.satisfy((e = "") => e.startsWith(start)),
      );
    });
  }

  it("is not refused for a value that is encrypted, wherever it stands, and shows none", () => {
    const text = file(
      `${own}:groups: [{ path: acme/a, token: { secure: "v1:a:b" }, limit: { secure: "v1:c:d" } }]`,
      `${own}:alarms: { secure: "v1:e:f" }`,
    );
    const { errors, encrypted, unknown } = check(text);
    expect(errors).to.deep.equal([]);
    expect(encrypted).to.deep.equal(["groups[0].token", "groups[0].limit", "alarms", "gitlab:token"]);
    expect(unknown, "what is warned of takes the limit").to.equal(true);
  });

  it("is refused for a secret in plain text, which is not repeated", () => {
    const { errors } = check(file(`${own}:groups: [{ path: acme/a, token: glrt-s3cret }]`));
    expect(found(errors)).to.deep.equal([
      "2 groups[0].token: in plain text in the stack's file, where it is anybody's who can read that",
    ]);
    expect(JSON.stringify(errors)).to.not.contain("s3cret");
  });

  it("has what its merge keys name, as it has for Pulumi", () => {
    const { errors } = check(
      file(`${own}:groups:`, "  - &a { path: acme/a, limit: 2 }", "  - { <<: *a, path: acme/b }", "  - { <<: *a }"),
    );
    expect(found(errors)).to.deep.equal(['5 groups[2]: duplicate of groups[0]: "acme/a"']);
  });

  it("tells no value of what is no YAML", () => {
    for (const value of [
      "*glrt-s3cret",
      "@glrt-s3cret",
      "a: glrt-s3cret: b",
      '"\\q glrt-s3cret"',
      "'glrt-s3cret",
      "x\n  s3cret\n  b: 1",
    ]) {
      const told = check(file(`${own}:spot: ${value}`)).errors;
      expect(told, value).to.not.be.empty;
      for (const { text } of told) {
        expect(text)
          .to.match(/^no valid YAML: /)
          .and.not.contain("s3cret");
        expect(text, "in words").to.not.contain("it cannot be read");
      }
    }
  });

  it("is warned of what an environment of Pulumi ESC or Pulumi.yaml may give", () => {
    const text = `config:\n  ${own}:groups: [a]\n`;
    const given = (all: { text: string }[]) =>
      all.map(({ text }) => /^(\S+): .*; (.+) may give it$/.exec(text)?.slice(1));
    const withEnvironment = check(`environment: [acme/ci]\n${text}`);
    expect(withEnvironment.errors).to.deep.equal([]);
    expect(given(withEnvironment.warnings)).to.deep.equal(
      ["host.adminCidrs", "host.runner.sha256", "gitlab:token"].map((key) => [
        key,
        "an environment of Pulumi ESC that the file names",
      ]),
    );
    expect(check(`environment: [acme/ci]\n${text.replace("[a]", "[{ tags: [x] }]")}`).errors).to.have.length(1);
    const project = "config:\n  gitlab:earlyAuthCheck: { value: false }\n  host: { default: { count: 2 } }\n";
    const withProject = checkStackFile(text + token, {}, project);
    expect(withProject.notRead).to.deep.equal([`${own}:host`]);
    expect(withProject.errors).to.deep.equal([]);
    expect(given(withProject.warnings).map((one) => one?.[1])).to.deep.equal(["Pulumi.yaml", "Pulumi.yaml"]);
    expect(withProject.unknown).to.equal(true);
    expect(checkStackFile(text + token + host, {}, project).notRead).to.deep.equal([]);
    expect(check(`environment: []\n${text}`).errors).to.have.length(2);
  });

  it("is warned of what is hardly meant, also where keys and tokens are encrypted", () => {
    const keys = "publicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbn5+c+4K+gXP0jFDTBnktkqSAA8YqM1KUNoZAYixRC, ";
    const text = file(
      `${own}:groups:`,
      "  - { path: acme/a, token: { secure: v1:a:b } }",
      "  - { path: acme/b, token: { secure: v1:c:d }, limit: 50 }",
    ).replace("{ adminCidrs", `{ ${keys}privateKey: { secure: v1:x:y }, adminCidrs`);
    const { errors, warnings, unknown } = check(text);
    expect({ errors, unknown }).to.deep.equal({ errors: [], unknown: false });
    expect(found(warnings)).to.deep.equal(["4 groups[1].limit: 50 has no effect"]);
  });

  it("is warned of a token that whoever previews has to bring", () => {
    const text = file(`${own}:groups: [a]`).replace(token, "");
    expect(found(check(text).warnings)[0]).to.match(/^undefined gitlab:token: not in this file/);
    expect(check(text.replace("[a]", "[]")).warnings.map(({ text }) => text)).to.deep.equal([
      "groups, projects, instanceRunners: no entry; no runner will exist, and no job can run",
    ]);
  });

  it("is found by the paths that errors begin with", () => {
    expect(pathOf('sizes["my: size"].cpu: x')).to.deep.equal(["sizes", "my: size", "cpu"]);
    expect(pathOf("groups[12].runner.environment.A-B: x")).to.deep.equal([
      "groups",
      12,
      "runner",
      "environment",
      "A-B",
    ]);
    expect(pathOf("a sentence without a path")).to.deep.equal([]);
  });
});

describe("npm run config:check", () => {
  const folder = scratch();
  after(() => folder.remove());
  /** With nothing of the environment but the path: no credentials, no home of Pulumi or AWS. */
  const run = (...args: string[]) =>
    execa(
      process.execPath,
      ["--import", "tsx", path.join(projectDir, "automation", "cli.ts"), "config:check", ...args],
      {
        cwd: projectDir,
        env: { PATH: process.env.PATH },
        extendEnv: false,
        reject: false,
      },
    );

  it("says what Pulumi.dev.yaml leaves to its user, and fails", async () => {
    const { exitCode, stdout, stderr } = await run("--stack", "dev");
    const line =
      readFileSync(path.join(projectDir, "Pulumi.dev.yaml"), "utf8").split("\n").indexOf(`  ${own}:host:`) + 1;
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain(
      `Pulumi.dev.yaml:${line}: error: host.adminCidrs: required: the networks you deploy from`,
    );
    expect(stdout).to.match(/^Pulumi\.dev\.yaml: warning: gitlab:token: not in this file/m);
    expect(stderr).to.match(/Pulumi\.dev\.yaml: 3 errors, 1 warning$/);
  });

  it("succeeds where the file is right, and names what it has not seen", async () => {
    const { exitCode, stdout, stderr } = await run("--stack", "acme/runners/sandbox");
    expect({ exitCode, stdout, stderr }).to.deep.equal({
      exitCode: 0,
      stdout: "",
      stderr:
        "encrypted, and so not looked at: gitlab:token, host.privateKey\nPulumi.sandbox.yaml: no errors, no warnings",
    });
  });

  it("says that what depends on an encrypted address was not looked at", async () => {
    const other = folder.file("address.yaml", file("gitlab:baseUrl: { secure: v1:x:y }"));
    const { exitCode, stderr } = await run("--stack", "dev", "--config-file", other);
    expect(exitCode).to.equal(0);
    expect(stderr).to.contain("\nnor was what depends on gitlab:baseUrl\nwithout what was not looked at, ");
  });

  it("takes a file in another place, and says where there is none", async () => {
    const other = folder.file("other.yaml", file("groups: [a]"));
    const wrong = await run("--stack", "dev", "--config-file", other);
    expect(wrong.exitCode).to.equal(1);
    expect(wrong.stdout).to.match(/\/other\.yaml:2: error: groups: without its namespace; write [^\n]*$/);
    const none = await run("--stack", "nowhere");
    expect(none.exitCode).to.equal(1);
    expect(none.stderr).to.equal("error: there is no Pulumi.nowhere.yaml, the file of stack nowhere");
  });
});
