/** The commands that README and docs/first-deploy.md give a newcomer are all that the stack dev needs. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { parseSettings } from "../../components/settings/settings";
import { projectDir } from "../../sandbox/config";
import { sha256 } from "./support/settings";

type Raw = Record<string, unknown>;
const namespace = "gitlab-fargate-runners:";
/** What `npm run checksums` writes. */
const checksums = ["sha256", "helperSha256"].map((sum): [string, unknown] => [
  `${namespace}host.runner.${sum}`,
  sha256,
]);
const read = (file: string) => fs.readFileSync(path.join(projectDir, file), "utf8");

/** The keys and values that the commands of a page set, by path. */
function commandsOf(page: string): [key: string, value: unknown][] {
  const commands = page.matchAll(/^ {4}npx pulumi config set (?:--\S+ +)*'?(\w[\w:.[\]-]*)'? *(?:--secret ?)?(\S*)/gm);
  const looksUp = /^ {4}npm run checksums -- --stack dev/m.test(page) ? checksums : [];
  return [...[...commands].map(([, key, value]): [string, unknown] => [key, value]), ...looksUp];
}

/** Pulumi.dev.yaml with these keys set, as `pulumi config set --path` does. */
function configured(commands: [string, unknown][]): Raw {
  const { config } = parse(read("Pulumi.dev.yaml")) as { config: Raw };
  for (const [key, value] of commands) {
    const [first, ...rest] = key.startsWith(namespace)
      ? key
          .slice(namespace.length)
          .split(/[.[\]]+/)
          .filter(Boolean)
      : [];
    if (first === undefined) continue;
    let [holder, name] = [config, namespace + first];
    for (const part of rest) {
      holder[name] ??= /^\d+$/.test(part) ? [] : {};
      [holder, name] = [holder[name] as Raw, part];
    }
    holder[name] = value;
  }
  const own = Object.entries(config).filter(([key]) => key.startsWith(namespace));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(namespace.length), value]));
}

/** The commands that a page gives, without their comments. */
const typed = (page: string): string[] =>
  [...page.matchAll(/^ {4,6}((?:npm|npx|aws) .*)$/gm)].map(([, line]) => line.replace(/ +#.*/, "").replace(/ +/g, " "));

describe("the first steps of a newcomer", () => {
  it("are the same in both pages, in the same order", () => {
    const short = typed(read("README.md").split("## First real deploy")[1].split("\n## ")[0]);
    const long = typed(read("docs/first-deploy.md"));
    expect(short).to.have.length.above(10);
    expect(long.filter((line) => short.includes(line))).to.deep.equal(short);
  });

  for (const file of ["README.md", "docs/first-deploy.md"]) {
    it(`${file}: its commands set all that the stack dev needs`, () => {
      const commands = commandsOf(read(file));
      expect(commands.map(([key]) => key)).to.include.members(["gitlab:baseUrl", "gitlab:token"]);
      expect(parseSettings(configured(commands)).entries.map(({ key }) => key)).to.deep.equal(["group/acme/backend"]);
    });

    it(`${file}: without any one of those that are not the list of groups, it is not accepted`, () => {
      const commands = commandsOf(read(file)).filter(([key]) => key.startsWith(`${namespace}host.`));
      expect(commands).to.not.deep.equal([]);
      for (const [left] of commands) {
        const others = commandsOf(read(file)).filter(([key]) => key !== left);
        expect(() => parseSettings(configured(others)), left).to.throw(/host\./);
      }
    });
  }
});
