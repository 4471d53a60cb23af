/** docs/stack.schema.json, by which editors know the stacks' files. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { addEntries, removeEntries } from "../../automation/stack-file";
import { setText } from "../../automation/stack-file-value";
import { root } from "../../components/project";
import { schema } from "../../components/settings/schema";
import { namespace } from "../../components/settings/stack-file";
import { settingsOf } from "../../scripts/settings-reference";
import { schemaFile, stackSchema } from "../../scripts/stack-schema";
import { editorErrors, fileWith } from "./support/editor";

type Raw = Record<string, unknown>;
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");
const stackFiles = fs.readdirSync(root).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
const settings = settingsOf(schema);
const sealed = { secure: "v1:x:y" };

/** A copy with a value at a path of the reference: "groups[].path" is in the first entry, "sizes.<name>.cpu" in any. */
function withValue(settings: Raw, place: string, value: unknown): Raw {
  const copy = structuredClone(settings);
  // A registry has one of its keys.
  const isRegistry = place.includes("images.registries.");
  const name = isRegistry ? `${place.endsWith(".pullFrom") ? "quay" : "ghcr"}.io` : "large";
  const parts = place.split(/\.|(?=\[\])/).map((part) => (part === "[]" ? 0 : part === "<name>" ? name : part));
  let holder = copy as Record<PropertyKey, unknown>;
  parts.slice(0, -1).forEach((part, index) => {
    const empty = typeof parts[index + 1] === "number" ? [] : {};
    holder = (holder[part] ??= empty) as Record<PropertyKey, unknown>;
  });
  holder[parts.at(-1)!] = value;
  return copy;
}

const hasChildren = (place: string) => settings.some((other) => other.path.match(/^.*(?=[.[])/)?.[0].startsWith(place));
/** All settings at once, each with its example: JSON Schema does not know which exclude each other. */
const all = settings
  .filter(({ path: place }) => !hasChildren(place))
  .reduce((whole, { path: place, example }) => withValue(whole, place, example), {} as Raw);

describe("the schema for editors", () => {
  it("is what the settings' schema says (npm run docs writes it)", async () => {
    expect(await stackSchema()).to.equal(fs.readFileSync(schemaFile, "utf8"));
  });

  it("tells of each setting what docs/settings.md tells", () => {
    const text = fs.readFileSync(schemaFile, "utf8");
    for (const { path: place, description } of settings) {
      expect(text, place).to.contain(JSON.stringify(description).slice(1, -1));
    }
  });

  it("accepts every example of the settings, each as it is and all together", () => {
    expect(editorErrors(fileWith(all))).to.deep.equal([]);
    expect(Object.keys(all).length).to.be.greaterThan(15);
    for (const { path: place, example } of settings) {
      expect(editorErrors(fileWith(withValue(all, place, example))), place).to.deep.equal([]);
    }
  });

  it("accepts an encrypted value in the place of any, and of a secret nothing else", () => {
    const { config } = fileWith(all);
    for (const { path: place, type } of settings) {
      const given = (value: unknown) => ({ config: withValue(config, `${namespace}:${place}`, value) });
      expect(editorErrors(given(sealed)), place).to.deep.equal([]);
      if (type.startsWith("secret")) expect(editorErrors(given("text")), place).to.not.be.empty;
    }
    expect(editorErrors({ config: { "gitlab:token": sealed } })).to.deep.equal([]);
    expect(editorErrors({ config: { "gitlab:token": "glpat-x" } })).to.not.be.empty;
  });

  for (const name of stackFiles) {
    it(`accepts ${name}, which names it to editors and keeps doing so in edits`, () => {
      const text = read(name);
      expect(editorErrors(parse(text))).to.deep.equal([]);
      const modeline = /^# yaml-language-server: \$schema=(\S+)\n/;
      expect(path.resolve(root, modeline.exec(text)![1])).to.equal(schemaFile);
      const added = addEntries(text, "groups", [{ path: "acme/frontend" }]);
      const pinned = setText(text, ["config", `${namespace}:host`, "runner", "sha256"], "ab".repeat(32));
      for (const edited of [added, removeEntries(text, "groups", ["acme/backend"]), pinned])
        expect(edited).to.match(modeline);
    });
  }

  it("accepts the settings that pages show", () => {
    const pages = ["README.md", ...fs.readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)];
    const shown = pages
      .filter((name) => name.endsWith(".md"))
      .flatMap((name) => [...read(name).matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => ({ name, block })))
      .filter(({ block }) => /^ {4}(config:\n|gitlab-fargate-runners:\w+:)/.test(block));
    expect(shown.length).to.be.greaterThan(1);
    for (const { name, block } of shown) {
      const parsed = parse(block) as Raw;
      expect(editorErrors("config" in parsed ? parsed : { config: parsed }), `${name}:\n${block}`).to.deep.equal([]);
    }
  });

  it("accepts what Pulumi writes, and what other programs have", () => {
    const config = {
      [`${namespace}:groups`]: '["acme/backend"]',
      [`${namespace}:sizes`]: '{"large": {"cpu": 4096, "memory": 16384}}',
      [`${namespace}:protect`]: "true",
      "aws:region": "eu-central-1",
      "aws:skipCredentialsValidation": "true",
      "github:token": "hello",
    };
    const environment = ["acme/dev"];
    const rest = { secretsprovider: "awskms://alias/pulumi", encryptedkey: "AQICAHi", encryptionsalt: "v1:x:y" };
    expect(editorErrors({ config, environment, ...rest })).to.deep.equal([]);
  });

  it("takes a map's entry that is called secure for an entry", () => {
    const entries = { shared: {}, secure: { tags: ["x"] } };
    expect(editorErrors({ config: { [`${namespace}:instanceRunners`]: entries } })).to.deep.equal([]);
  });

  const credentials = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-login-AbCdEf";
  const registries = (given: Raw) => ({ config: { [`${namespace}:images`]: { registries: given } } });
  const refused: [string, Raw][] = [
    ["a key without its namespace", { config: { spot: "never" } }],
    ["a setting at the margin", { spot: "never" }],
    ["a setting that there is not", { config: { [`${namespace}:spots`]: "never" } }],
    ["the namespace alone", { config: { [namespace]: { spot: "never" } } }],
    ["a text in the place of a list", { config: { [`${namespace}:groups`]: "acme/backend" } }],
    ["a text in the place of a switch", { config: { [`${namespace}:dashboard`]: "yes" } }],
    [
      "a plain token beside an entry that is called secure",
      { config: { [`${namespace}:instanceRunners`]: { shared: { token: "glrt-x" }, secure: {} } } },
    ],
    ["an encrypted value that is no text", { config: { [`${namespace}:tags`]: { secure: { x: 1 } } } }],
    ["another key beside an encrypted value", { config: { [`${namespace}:tags`]: { ...sealed, count: 1 } } }],
    ["a registry with nothing", registries({ "ghcr.io": {} })],
    ["a registry with two ways", registries({ "ghcr.io": { pullFrom: "mirror.example.com", credentials } })],
    ["Docker Hub's other name", registries({ "index.docker.io": { credentials } })],
    ["Docker Hub's other name to pull from", registries({ "ghcr.io": { pullFrom: "index.docker.io/acme" } })],
    ["Docker Hub without a path to pull from", registries({ "ghcr.io": { pullFrom: "docker.io" } })],
    ["a tag in what is pulled from", registries({ "ghcr.io": { pullFrom: "mirror.example.com/a:1" } })],
  ];
  for (const [what, file] of refused) {
    it(`refuses ${what}`, () => expect(editorErrors(file)).to.not.be.empty);
  }
});
