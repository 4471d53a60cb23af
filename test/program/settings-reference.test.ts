import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { schema } from "../../components/settings/schema";
import { projectDir } from "../../sandbox/config";
import { settingsPage } from "../../scripts/settings-page";
import { reference, settingsOf } from "../../scripts/settings-reference";

describe("the reference of the settings", () => {
  const file = path.join(projectDir, "docs", "settings.md");

  it("is what the schema says (npm run docs writes it)", async () => {
    const page = fs.readFileSync(file, "utf8");
    expect(await settingsPage(page)).to.equal(page);
  });

  it("is written anew between its marks, and nothing else is", async () => {
    const page = fs.readFileSync(file, "utf8");
    const stale = page.replace(/\| `spot`.*\n/, "");
    expect(stale).to.not.equal(page);
    expect(await settingsPage(stale)).to.equal(page);
    const failure = await settingsPage("no marks").catch((error: Error) => error.message);
    expect(failure).to.match(/lacks the marks/);
  });

  it("has examples that the schema accepts", () => {
    // Nobody's private key is an example, and a certificate is too long for one.
    const settings = settingsOf(schema).filter(({ path: key }) => !/privateKey$|^caCertificates$/.test(key));
    for (const { path: key, schema: own, example } of settings) {
      const { success, error } = z.safeParse(own, example);
      expect(success, `${key}: ${error?.message}`).to.equal(true);
    }
  });

  it("has a row for every key, down to those of entries, sizes and the proxy", () => {
    const paths = settingsOf(schema).map((setting) => setting.path);
    expect(paths).to.include.members([
      "groups",
      "groups[].id",
      "instanceRunners[].name",
      "sizes.<name>.cpu",
      "maxSize.memory",
      "host.connection.proxy.hostKey",
      "host.go.sha256",
      "protect",
    ]);
    expect(new Set(paths).size).to.equal(paths.length);
  });

  it("is refused where a key says too little", () => {
    expect(() => settingsOf(z.strictObject({ poor: z.string(), fine: z.boolean().describe("Fine.") }))).to.throw(
      /^these settings have no description or example \(\.describe, \.meta\): poor$/,
    );
  });

  it("shows type, default and example as they are", () => {
    const small = z.strictObject({
      count: z.int().min(1).max(3).default(2).describe("How many."),
      list: z
        .array(z.enum(["a", "b"]))
        .optional()
        .meta({ description: "Which.", example: ["a"] }),
      name: z.string().meta({ description: "a|b", example: "x: y" }),
    });
    expect(
      reference(small)
        .split("\n")
        .filter((line) => line.startsWith("| `")),
    ).to.deep.equal([
      "| `count` | integer, 1 to 3 | `2` | `2` | How many. |",
      "| `list` | list of `a`, `b` | none | `[a]` | Which. |",
      '| `name` | string | required | `"x: y"` | a\\|b |',
    ]);
  });
});
