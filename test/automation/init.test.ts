/** `npm run init`: the file of a new stack, from answers or options. */
import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { parse } from "yaml";
import { checkStackFile } from "../../automation/config-check";
import { UserError } from "../../automation/errors";
import { init, type InitFlags } from "../../automation/init";
import { questions } from "../../automation/init-answers";
import { costsOf } from "../../automation/init-costs";
import { setText } from "../../automation/stack-file-value";
import { editorErrors } from "../program/support/editor";
import { scratch } from "../support/scratch";

const own = "gitlab-fargate-runners";

describe("a new stack's file", () => {
  const folder = scratch();
  after(() => folder.remove());
  const file = (stack: string) => path.join(folder.dir, `Pulumi.${stack}.yaml`);
  const text = (stack: string) => readFileSync(file(stack), "utf8");
  /** As `npm run checksums` does it. */
  async function lookUp(stack: string) {
    const pinned = setText(text(stack), ["config", `${own}:host`, "runner", "sha256"], "ab".repeat(32));
    folder.file(
      `Pulumi.${stack}.yaml`,
      setText(pinned, ["config", `${own}:host`, "runner", "helperSha256"], "cd".repeat(32)),
    );
  }
  const run = (flags: Partial<InitFlags>, answers: string[] = [], env: NodeJS.ProcessEnv = {}) =>
    init(
      { checksums: true, ...flags },
      { folder: folder.dir, input: Readable.from(answers.map((answer) => `${answer}\n`)), env, lookUp },
    );
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => "nothing was refused",
      (error: Error) => (error instanceof UserError ? error.message : String(error.stack)),
    );
  const flags = { region: "eu-central-1", group: "acme/backend", adminCidrs: "203.0.113.7", yes: true };

  it("is written from answers, and lacks nothing but the token", async () => {
    const answers = [
      "asked",
      "",
      "gitlab.example.com",
      "https://gitlab.example.com/",
      "acme/backend",
      "203.0.113.7, 2001:db8::/32",
      "",
    ];
    expect(await run({}, answers, { AWS_REGION: "eu-west-1" })).to.equal(0);
    const { errors, warnings } = checkStackFile(text("asked"), {});
    expect(errors).to.deep.equal([]);
    expect(warnings.map((one) => one.text.split(":", 2).join(":"))).to.deep.equal(["gitlab:token"]);
    const { config } = parse(text("asked"));
    expect(config).to.deep.include({
      "aws:region": "eu-west-1",
      "gitlab:baseUrl": "https://gitlab.example.com/api/v4/",
      [`${own}:groups`]: { "acme/backend": {} },
    });
    expect(config[`${own}:host`]).to.deep.include({
      adminCidrs: ["203.0.113.7/32", "2001:db8::/32"],
      architecture: "arm64",
      instanceType: "t4g.small",
    });
    expect(editorErrors(parse(text("asked")))).to.deep.equal([]);
    expect(text("asked").split("\n")[0]).to.equal("# yaml-language-server: $schema=docs/stack.schema.json");
    expect(text("asked")).to.not.match(/PRIVATE KEY|token:/);
  });

  it("is written from options alone", async () => {
    expect(await run({ ...flags, stack: "flags", instanceType: "c7i.large" })).to.equal(0);
    const { config } = parse(text("flags"));
    expect(config).to.not.have.property("gitlab:baseUrl");
    expect(config[`${own}:host`]).to.deep.include({ architecture: "x86_64", instanceType: "c7i.large" });
  });

  it("asks for what no option says, and again where an answer will not do", async () => {
    const answers = [
      "Frankfurt",
      "eu-central-1",
      "",
      "/acme/",
      "acme/backend",
      "anywhere",
      "0.0.0.0/0",
      "203.0.113.7",
      "t4g.nano",
      "t4g",
    ];
    expect(await refusal(run({ stack: "again" }, answers))).to.contain("the input has ended before all was answered");
    expect(existsSync(file("again"))).to.equal(false);
    expect(await run({ stack: "again" }, [...answers, "t4g.medium"])).to.equal(0);
    expect(parse(text("again")).config[`${own}:host`].instanceType).to.equal("t4g.medium");
  });

  it("is not written with an option that will not do, or that is missing with --yes; all are named", async () => {
    const told = await refusal(run({ yes: true, stack: "a/b", gitlabUrl: "http://gitlab.example.com", group: "a b" }));
    expect(told.split("\n").map((line) => line.split(";")[0])).to.deep.equal([
      "nothing was written:",
      "  --stack: not a name of letters, digits, dots and dashes",
      "  --region: required with --yes",
      "  --gitlab-url: http:// shows the token, and those of runners and jobs, to whoever is on the way",
      '  --group: not the path of a group, like "acme/backend": "a b"',
      "  --admin-cidrs: required with --yes",
    ]);
  });

  it("is not overwritten, unless that is asked for, and then what Pulumi keeps in it stays", async () => {
    const before = "encryptionsalt: v1:salt=:v1:x:y==\nconfig:\n  aws:region: eu-west-1\n";
    folder.file("Pulumi.there.yaml", before);
    expect(await refusal(run({ ...flags, stack: "there" }))).to.match(/^Pulumi\.there\.yaml is there already/);
    expect(await refusal(run({}, ["there", "eu-central-1"]))).to.match(/^Pulumi\.there\.yaml is there already/);
    expect(text("there")).to.equal(before);
    expect(await run({ ...flags, stack: "there", force: true })).to.equal(0);
    expect(parse(text("there"))).to.include({ encryptionsalt: "v1:salt=:v1:x:y==" });
    expect(parse(text("there")).config["aws:region"]).to.equal("eu-central-1");
    folder.file("Pulumi.inited.yaml", "encryptionsalt: v1:salt\n");
    expect(await run({ ...flags, stack: "inited" })).to.equal(0);
    expect(parse(text("inited"))).to.include({ encryptionsalt: "v1:salt" });
  });

  it("keeps the environments of Pulumi ESC that are named in the file before", async () => {
    folder.file("Pulumi.esc.yaml", "environment:\n  - acme/dev\nencryptionsalt: v1:salt\nconfig:\n  aws:region: a\n");
    expect(await run({ ...flags, stack: "esc", force: true })).to.equal(0);
    expect(parse(text("esc"))).to.deep.include({ environment: ["acme/dev"], encryptionsalt: "v1:salt" });
    expect(parse(text("esc")).config["aws:region"]).to.equal("eu-central-1");
  });

  it("is written over a file that holds nothing else than what it takes over, and over no other", async () => {
    for (const nothing of ["config:", "config: {}", "environment: [acme/dev]"]) {
      folder.file("Pulumi.nothing.yaml", `encryptionsalt: v1:salt\n${nothing}\n`);
      expect(await run({ ...flags, stack: "nothing" }), nothing).to.equal(0);
      expect(parse(text("nothing"))).to.include({ encryptionsalt: "v1:salt" });
    }
    for (const some of ["config: { a:b: c }\n", "config: text\n", "- a\n", "text\n", "a: b\n"]) {
      folder.file("Pulumi.some.yaml", some);
      expect(await refusal(run({ ...flags, stack: "some" })), some).to.match(/^Pulumi\.some\.yaml is there already/);
      expect(text("some")).to.equal(some);
    }
  });

  it("is not written over what is no YAML, where --force would lose what Pulumi keeps", async () => {
    folder.file("Pulumi.broken.yaml", "encryptionsalt: v1:salt\nconfig: [\n");
    for (const force of [false, true]) {
      const told = await refusal(run({ ...flags, stack: "broken", force }));
      expect(told).to.match(
        /^Pulumi\.broken\.yaml is there already, .*line \d+ is no valid YAML: .*; delete or mend it first$/,
      );
    }
    expect(text("broken")).to.equal("encryptionsalt: v1:salt\nconfig: [\n");
  });

  it("has the region of the environment where that is set, which is named where it is wrong", async () => {
    const { region: _, ...others } = flags;
    const region = (stack: string, env: NodeJS.ProcessEnv) =>
      run({ ...others, stack }, [], env).then(() => parse(text(stack)).config["aws:region"]);
    expect(await region("env1", { AWS_REGION: "", AWS_DEFAULT_REGION: "eu-west-2" })).to.equal("eu-west-2");
    expect(await region("env2", { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" })).to.equal("eu-west-1");
    const none = region("env3", { AWS_REGION: "", AWS_DEFAULT_REGION: "" });
    expect(await refusal(none)).to.contain("\n  --region: required with --yes");
    const wrong = region("env4", { AWS_REGION: "", AWS_DEFAULT_REGION: "Frankfurt" });
    expect(await refusal(wrong)).to.match(/\n {2}AWS_DEFAULT_REGION: .*region/);
    expect(
      await refusal(run({ ...flags, stack: "env5", region: "Frankfurt" }, [], { AWS_REGION: "eu-west-1" })),
    ).to.match(/\n {2}--region: /);
  });

  it("asks with the region of the environment, and names the variable where that will not do", async () => {
    const told: string[] = [];
    const { error } = console;
    console.error = (line: string) => void told.push(line);
    try {
      const { yes: _, region: __, ...others } = flags;
      await refusal(run({ ...others, stack: "env6" }, ["", "Rome"], { AWS_REGION: "Frankfurt" }));
    } finally {
      console.error = error;
    }
    expect(told[0]).to.match(/\[Frankfurt\]:$/);
    expect(told[1]).to.match(/^ {2}AWS_REGION: /);
    expect(told[3]).to.not.contain("AWS_REGION");
  });

  it("has an address that init can write, and what is told of another needs no stack", () => {
    const { wrong } = questions({}).find(({ key }) => key === "gitlabUrl")!;
    expect(wrong("http://gitlab.example.com")).to.match(
      /^http:\/\/ shows the token.* on the way; give it with https:\/\/, or .* edit the file: .*allowPlainHttp: true$/,
    );
    expect(wrong("gitlab.example.com")).to.match(/write https:\/\/gitlab\.example\.com$/);
    for (const address of ["ftp://a", "https://a/?b", "http://a/?b", ""]) {
      expect(wrong(address), address).to.match(/; give one like https:\/\/gitlab\.example\.com$/);
    }
    expect(wrong("https://gitlab.example.com")).to.equal(undefined);
  });

  it("is checked: without checksums it is told what is missing", async () => {
    expect(await run({ ...flags, stack: "bare", checksums: false })).to.equal(1);
    const offline = async () => Promise.reject(new UserError("https://example.com cannot be reached"));
    const context = { folder: folder.dir, env: {}, lookUp: offline };
    expect(await init({ ...flags, stack: "offline", checksums: true }, context)).to.equal(1);
    expect(checkStackFile(text("offline"), {}).errors.map((one) => one.text.split(":")[0])).to.deep.equal([
      "host.runner.sha256",
      "host.runner.helperSha256",
    ]);
  });

  it("is told the costs of", () => {
    const answers = {
      stack: "dev",
      region: "eu-central-1",
      gitlabUrl: "",
      group: "a",
      adminCidrs: [],
      instanceType: "t4g.small",
    };
    // (0.0168 + 0.005) × 730; (0.04048 + 2 × 0.004445) / 60 × 100.
    expect(costsOf(answers)).to.contain(
      "at rest $15.91 a month for host and address; a job of the default size 0.082 cents",
    );
    expect(costsOf({ ...answers, instanceType: "c7i.large" })).to.contain("no price of c7i.large is known here");
  });
});
