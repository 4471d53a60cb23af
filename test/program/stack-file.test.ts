import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { root } from "../../components/project";
import { configurationAsFile } from "../../components/settings/run-configuration";
import { fileErrors, isSuspicious, type StackFile } from "../../components/settings/stack-file";
import { scratch } from "../support/scratch";

const own = "gitlab-fargate-runners";
const plain = (path: string, key: string) =>
  `${path}: in plain text in the stack's file, where it is anybody's who can read that; encrypt it: ` +
  `npx pulumi config set --secret ${key}`;

/** Files, and what is told of each. */
const wrong: Record<string, [text: string, told: string[]]> = {
  "a key without its namespace": [
    "config:\n  groups: [acme/backend]\n",
    [`groups: without its namespace; write ${own}:groups`],
  ],
  "one beside the same with it": [
    `config:\n  ${own}:groups:\n    - acme/backend\n  groups:\n    - acme/frontend\n`,
    [`groups: without its namespace; write ${own}:groups; beside ${own}:groups only one of both counts`],
  ],
  "keys at the margin": [
    `config:\n  ${own}:groups: [a]\n${own}:tags:\n  a: b\nspot: prefer\n`,
    [
      `${own}:tags: at the margin, where nobody reads it; move it below config: as ${own}:tags, with two spaces before it`,
      `spot: at the margin, where nobody reads it; move it below config: as ${own}:spot, with two spaces before it`,
    ],
  ],
  "tokens and keys in plain text, beside encrypted ones": [
    [
      "config:",
      "  gitlab:token: glpat-s3cret",
      `  ${own}:groups:`,
      "    - path: a",
      "      token:",
      "        secure: v1:x:y",
      "    - { path: b, token: glrt-s3cret }",
      `  ${own}:host:`,
      "    privateKey:",
      "      secure: v1:x:y",
      "    connection:",
      "      proxy:",
      "        privateKey: |",
      "          -----BEGIN s3cret",
    ].join("\n"),
    [
      plain("gitlab:token", "gitlab:token"),
      plain("groups[1].token", `--path '${own}:groups[1].token'`),
      plain("host.connection.proxy.privateKey", `--path ${own}:host.connection.proxy.privateKey < runner-host`),
    ],
  ],
  "tokens within JSON": [
    `config:\n  ${own}:projects: '[{"path":"a/b","token":"glrt-s3cret"}]'\n`,
    [
      plain("projects[0].token", `--path '${own}:projects[0].token'`).replace(
        "encrypt it",
        "write the JSON as YAML, without quotes around it, and encrypt it",
      ),
    ],
  ],
  "a token in plain text beside entries that are called secure": [
    `config:\n  ${own}:instanceRunners: {shared: {token: glrt-s3cret}, secure: {}}\n  ${own}:groups: {secure: {token: glrt-x}}\n`,
    [
      plain("instanceRunners.shared.token", `--path ${own}:instanceRunners.shared.token`),
      plain("groups.secure.token", `--path ${own}:groups.secure.token`),
    ],
  ],
  "a config written in one line": ["config: { spot: prefer }\n", [`spot: without its namespace; write ${own}:spot`]],
};

/** Only the run's configuration is needed to see these. */
const namespaces = [
  "gitlab-fargate-runner",
  "gitlab-fargate-runers",
  "gitlab_fargate_runners",
  "fargate-runners",
  "gitlab-runners",
  "GitLab-Fargate-Runners",
];

describe("a stack's file", () => {
  for (const [what, [text, told]] of Object.entries(wrong)) {
    it(`is refused for ${what}`, () => {
      expect(fileErrors(parse(text) as StackFile)).to.deep.equal(told);
      expect(isSuspicious(text)).to.equal(true);
    });
  }

  it("is refused for namespaces that are nearly the project's", () => {
    const config = Object.fromEntries(namespaces.map((name) => [`${name}:spot`, "prefer"]));
    expect(fileErrors({ config })).to.deep.equal(
      namespaces.map((name) => `${name}:spot: nobody reads the namespace ${name}; did you mean ${own}:spot?`),
    );
  });

  it("may hold other programs' keys, encrypted secrets, comments and Pulumi's own keys", () => {
    const text = [
      "# groups: [a]",
      "secretsprovider: awskms://alias/pulumi",
      "encryptedkey: AQICAHi",
      "config:",
      "  # spot: prefer",
      "  aws:region: eu-central-1",
      "  github:token: hello",
      "  gitlab:token: { secure: v1:x:y }",
      `  ${own}:groups:`,
      "  - acme/backend",
      "  - path: acme/data",
      "    token:",
      "      secure: v1:x:y",
      `  "${own}:spot": prefer`,
      "",
    ].join("\n");
    expect(fileErrors(parse(text) as StackFile)).to.deep.equal([]);
    expect(isSuspicious(text.replace("  github:token: hello\n", "")), "parsed though it need not be").to.equal(false);
    expect(isSuspicious(text.replaceAll("\n", "\r\n").replace("  github:token: hello\r\n", ""))).to.equal(false);
  });

  for (const name of fs.readdirSync(root).filter((file) => /^Pulumi\..*\.yaml$/.test(file))) {
    it(`is right in this project: ${name}`, () => {
      const text = fs.readFileSync(path.join(root, name), "utf8");
      expect(fileErrors(parse(text) as StackFile)).to.deep.equal([]);
      expect(isSuspicious(text)).to.equal(false);
    });
  }
});

describe("the configuration of a run", () => {
  const folder = scratch();
  after(() => folder.remove());

  const host = `  ${own}:host: {privateKey: {secure: v1:x:y}}\n  ${own}:maxSize: {ephemeralStorage: 50, cpu: 1024}\n`;
  /** What Pulumi hands on of a file with these groups, with and without the namespace. */
  const seen = (text: string, groups: string) => {
    const file = folder.file("Pulumi.dev.yaml", text);
    const sizes = '{"cpu":1024,"ephemeralStorage":50}';
    const host = '{"privateKey":"s3cret"}';
    const all = { [`${own}:host`]: host, [`${own}:groups`]: groups, [`${own}:maxSize`]: sizes };
    pulumi.runtime.setAllConfig(all, [`${own}:host`]);
    try {
      return fileErrors(configurationAsFile(all, { file, project: own })).map((error) => error.split(";")[0]);
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  };
  const twice = `config:\n${host}  ${own}:groups: [acme/backend]\n  groups: [acme/frontend]\n`;
  const told = [`groups: without its namespace`];

  it("is looked up in the stack's file for what it does not show itself", () => {
    expect(seen(twice, '["acme/frontend"]')).to.deep.equal(told);
    expect(seen(`config:\n${host}  groups: [acme/frontend]\n`, '["acme/frontend"]')).to.deep.equal(told);
  });

  it("is looked up with what merge keys name", () => {
    const merged = `x: &x { groups: [acme/frontend] }\nconfig:\n${host}  <<: *x\n`;
    expect(seen(merged, '["acme/frontend"]')).to.deep.equal(told);
  });

  it("is not taken from a file for an entry that is called secure", () => {
    const file = (groups: string) => `config:\n${host}  groups: ${groups}\n`;
    expect(seen(file("{secure: {}, acme: {}}"), '{"acme":{},"secure":{}}')).to.deep.equal(told);
    expect(seen(file("{secure: {}, acme: {}}"), '{"other":{}}')).to.deep.equal([]);
    expect(seen(file("[{path: a, token: {secure: v1:x:y}}]"), '[{"path":"a","token":"t"}]')).to.deep.equal(told);
  });

  it("is not looked up in a file that it is not from, as with --config-file", () => {
    expect(seen(twice, '["acme/other"]')).to.deep.equal([]);
    expect(seen(`config:\n${host}  spot: prefer\n`, '["acme/other"]')).to.deep.equal([]);
    expect(seen("config: [", '["acme/other"]')).to.deep.equal([]);
  });
});
