/** Groups added to and removed from stack files, of which nothing else may change. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { UserError } from "../../automation/errors";
import { addGroup, removeGroup } from "../support/groups";

const committed = (stack: string) => readFileSync(path.join(__dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
const groupsOf = (text: string) => parse(text).config["gitlab-fargate-runners:groups"];

/** Lines that only one of the two texts has. */
function difference(before: string, after: string): { gone: string[]; new: string[] } {
  const [a, b] = [before.split("\n"), after.split("\n")];
  return { gone: a.filter((line) => !b.includes(line)), new: b.filter((line) => !a.includes(line)) };
}

const commented = `# who this is for
config:
  aws:region: eu-central-1 # Frankfurt

  gitlab-fargate-runners:groups:
    # the first team
    - acme/backend   # since 2025
    - path: "acme/data"
      tags: [ large ]
      # a big one
      size: large

    # the last team
    - acme/ops
  # more settings
  gitlab-fargate-runners:sizes:
    large: { cpu: 4096, memory: 16384 }
`;

describe("adding a group to a stack file", () => {
  for (const stack of ["dev", "prod", "sandbox"]) {
    it(`adds lines to Pulumi.${stack}.yaml and changes none`, () => {
      const before = committed(stack);
      const size = stack === "prod" ? "large" : undefined;
      const after = addGroup(before, { path: "acme/frontend", tags: ["web", "a: b"], size });
      expect(difference(before, after).gone).to.deep.equal([]);
      const expected = { path: "acme/frontend", tags: ["web", "a: b"], ...(size && { size }) };
      expect(groupsOf(after).at(-1)).to.deep.equal(expected);
      expect(groupsOf(after).slice(0, -1)).to.deep.equal(groupsOf(before));
    });
  }

  it("writes a path alone as a text, at the list's end, comments in their places", () => {
    const after = addGroup(commented, { path: "acme/frontend" });
    expect(after).to.equal(commented.replace("    - acme/ops\n", "    - acme/ops\n    - acme/frontend\n"));
  });

  it("works on lists in one line, on empty ones, and where there is none", () => {
    const start = "config:\n  aws:region: eu-west-1\n";
    const list = (text: string) => `${start}  gitlab-fargate-runners:groups: ${text}\n`;
    expect(addGroup(list("[acme/a, acme/b]"), { path: "acme/c", tags: ["x"] })).to.equal(
      list("[acme/a, acme/b, {path: acme/c, tags: [x]}]"),
    );
    expect(addGroup(list("[]"), { path: "acme/c" })).to.equal(list("[acme/c]"));
    for (const none of [start, list("").replace(": \n", ":\n"), start.trimEnd()]) {
      expect(groupsOf(addGroup(none, { path: "acme/c" })), none).to.deep.equal(["acme/c"]);
      expect(parse(addGroup(none, { path: "acme/c" })).config["aws:region"]).to.equal("eu-west-1");
    }
  });

  it("refuses what is there already, in whatever case, and what the settings refuse", () => {
    expect(() => addGroup(commented, { path: "Acme/Data" })).to.throw('has "Acme/Data" already');
    expect(() => addGroup(commented, { path: "acme/new", size: "huge" })).to.throw(/groups\[3\]\.size: no size 'huge'/);
    expect(() => addGroup(commented, { path: "not a path" })).to.throw(/groups\[3\]\.path: not the path of a group/);
    expect(() => addGroup("config: [", { path: "acme/c" })).to.throw("no valid YAML");
    const pattern = commented.replace("[ large ]", "[ ** ]");
    const why = "the stack file, line 9: no valid YAML: what begins with * is the alias of an anchor";
    expect(() => addGroup(pattern, { path: "acme/c" })).to.throw(UserError, why);
    expect(() => removeGroup(pattern, "acme/ops")).to.throw(UserError, why);
  });

  it("judges the settings with what merge keys name", () => {
    const merged = commented.replace("- acme/ops", "- { <<: { size: large }, path: acme/ops }");
    expect(addGroup(merged, { path: "acme/c" })).to.contain("- acme/c\n");
    const wrong = "config:\n  gitlab-fargate-runners:sizes: &a { large: { cpu: 4096, memory: 16384 } }\n";
    const sizes = `${wrong.replace("sizes: &a", "sizes: { <<: &a").replace("} }\n", "} } }\n")}`;
    expect(addGroup(sizes, { path: "acme/c", size: "large" })).to.contain("size: large");
  });
});

describe("removing a group from a stack file", () => {
  it("takes its lines and leaves all others", () => {
    expect(removeGroup(commented, "acme/backend")).to.equal(
      commented.replace("    - acme/backend   # since 2025\n", ""),
    );
    expect(removeGroup(commented, "acme/ops")).to.equal(commented.replace("    - acme/ops\n", ""));
    const without = removeGroup(commented, "ACME/data");
    expect(groupsOf(without)).to.deep.equal(["acme/backend", "acme/ops"]);
    expect(difference(commented, without).new).to.deep.equal([]);
    expect(without).to.contain("# the last team").and.to.contain("# more settings");
  });

  it("gives back the file that a group was added to", () => {
    for (const stack of ["dev", "prod", "sandbox"]) {
      const before = committed(stack);
      expect(removeGroup(addGroup(before, { path: "acme/frontend", tags: ["web"] }), "acme/frontend")).to.equal(before);
    }
    expect(removeGroup(addGroup(commented, { path: "acme/frontend" }), "acme/frontend")).to.equal(commented);
  });

  it("leaves an empty list, and works on lists in one line", () => {
    const list = (text: string) => `config:\n  gitlab-fargate-runners:groups: ${text}\n`;
    expect(removeGroup("config:\n  gitlab-fargate-runners:groups:\n    - acme/a # x\n  b:c: d\n", "acme/a")).to.equal(
      "config:\n  gitlab-fargate-runners:groups: []\n  b:c: d\n",
    );
    expect(removeGroup(list("[acme/a]"), "acme/a")).to.equal(list("[]"));
    expect(removeGroup(list("[acme/a, acme/b]"), "acme/a")).to.equal(list("[acme/b]"));
    expect(removeGroup(list("[acme/a, acme/b]"), "acme/b")).to.equal(list("[acme/a]"));
  });

  it("names the groups that there are", () => {
    expect(() => removeGroup(commented, "acme/web")).to.throw(
      'has no "acme/web"; it has acme/backend, acme/data, acme/ops',
    );
  });
});

describe("a group's lines", () => {
  const key = "  gitlab-fargate-runners:groups:";
  const file = (...lines: string[]) => ["config:", ...lines, ""].join("\n");

  it("end before what follows the only group, whatever that is", () => {
    for (const next of [
      "  aws:region: eu-west-1",
      "  # the region\n  aws:region: eu-west-1",
      "\n  aws:region: a",
      "\n",
    ]) {
      const before = file(key, "    - path: acme/one", "      tags: [x]", next);
      expect(removeGroup(before, "acme/one"), next).to.equal(file(`${key} []`, next));
    }
  });

  const prose = (name: string) => [`    - path: ${name}`, "      tags: [x]", "      description: |", "        text"];
  const projects = ["  gitlab-fargate-runners:projects:", "    - acme/two/app"];

  it("end with a block scalar's last one", () => {
    const before = file(key, ...prose("acme/one"), "    - acme/two", ...projects);
    expect(removeGroup(before, "acme/one")).to.equal(file(key, "    - acme/two", ...projects));
    const only = file(key, ...prose("acme/one"), ...projects);
    expect(removeGroup(only, "acme/one")).to.equal(file(`${key} []`, ...projects));
  });

  it("go behind a block scalar, and before the next setting", () => {
    const before = file(key, ...prose("acme/one"), ...projects);
    expect(() => addGroup(file(...projects, key, ...prose("acme/one")), { path: "acme/two" })).not.to.throw();
    const after = file(key, ...prose("acme/one"), "    - acme/two", ...projects);
    expect(addGroup(before, { path: "acme/two" })).to.equal(after);
    const own = file("  gitlab-fargate-runners:stack: |", "    text", "  aws:region: eu-west-1");
    expect(addGroup(own, { path: "acme/two" })).to.equal(
      file("  gitlab-fargate-runners:stack: |", "    text", key, "    - acme/two", "  aws:region: eu-west-1"),
    );
  });

  it("may have a colon in a comment before them, and their dash on a line of its own", () => {
    const commentedKey = file(`${key} # the groups: all`, "    # one: two", "    - acme/one");
    expect(removeGroup(commentedKey, "acme/one")).to.equal(file(`${key} [] # the groups: all`, "    # one: two"));
    const empty = file(`${key} # none: yet`, "  aws:region: a");
    expect(addGroup(empty, { path: "acme/one" })).to.equal(
      file(`${key} # none: yet`, "    - acme/one", "  aws:region: a"),
    );
    const written = file(`${key} ~ # none: yet`, "  aws:region: a");
    expect(addGroup(written, { path: "acme/one" })).to.equal(
      file(`${key} # none: yet`, "    - acme/one", "  aws:region: a"),
    );
    const alone = ["    -", "      path: acme/one"];
    expect(removeGroup(file(key, ...alone), "acme/one")).to.equal(file(`${key} []`));
    expect(removeGroup(file(key, ...alone, "    - acme/two"), "acme/one")).to.equal(file(key, "    - acme/two"));
    expect(addGroup(file(key, ...alone), { path: "acme/two" })).to.equal(file(key, ...alone, "    - acme/two"));
  });

  it("may be known by an id", () => {
    const before = file(key, "    - id: 42", "    - 43", "    - tags: [x]", "    - acme/one");
    expect(removeGroup(before, "42")).to.equal(before.replace("    - id: 42\n", ""));
    expect(removeGroup(before, "43")).to.equal(before.replace("    - 43\n", ""));
    expect(() => removeGroup(before, "undefined")).to.throw('has no "undefined"; it has 42, 43, acme/one');
  });

  it("end as the file's others do", () => {
    const before = file(key, "    - acme/one", "  aws:region: a").replaceAll("\n", "\r\n");
    const after = addGroup(before, { path: "acme/two", tags: ["x"] });
    expect(after.match(/\r?\n/g)).to.have.members(Array(after.split("\n").length - 1).fill("\r\n"));
    expect(removeGroup(after, "acme/two")).to.equal(before);
  });

  it("are left to whoever wrote them where other parts of the file hang on them", () => {
    const anchored = file(
      key,
      "    - path: acme/one",
      "      tags: &tags [x]",
      "    - { path: acme/two, tags: *tags }",
    );
    expect(() => removeGroup(anchored, "acme/one")).to.throw("edit it by hand");
    expect(groupsOf(removeGroup(anchored, "acme/two"))).to.deep.equal([{ path: "acme/one", tags: ["x"] }]);
    // The blank line behind the second would become the first one's text.
    const kept = file(key, "    - path: acme/one", "      description: |+", "        text", "    - acme/two", "");
    expect(() => removeGroup(kept, "acme/two")).to.throw("edit it by hand");
    expect(() => removeGroup(file(`${key} '["acme/one"]'`), "acme/one")).to.throw("as JSON in a text");
  });
});

describe("a stack file with secrets", () => {
  const secret = (name: string) => `{ secure: "v1:${name}" }`;
  const withTokens = `config:
  gitlab-fargate-runners:groups:
    - acme/backend
    - path: acme/data
      token: ${secret("data")}
    - path: acme/ops
      token:
        secure: v1:ops
  gitlab-fargate-runners:projects:
    - { path: acme/api/app, token: ${secret("app")} }
  gitlab-fargate-runners:sizes:
    large: { cpu: 4096, memory: 16384 }
  gitlab-fargate-runners:host:
    adminCidrs: [203.0.113.0/24]
    publicKey: ssh-ed25519 AAAA
    privateKey: ${secret("key")}
    connection:
      proxy: { host: bastion, privateKey: ${secret("other key")} }
    runner:
      sha256: ${secret("sum")}
`;
  const paths = (text: string) => groupsOf(text).map((entry: string | { path: string }) => Object(entry).path ?? entry);

  it("loses any of its groups, wherever entries with a token stand", () => {
    expect(paths(removeGroup(withTokens, "acme/backend"))).to.deep.equal(["acme/data", "acme/ops"]);
    expect(paths(removeGroup(withTokens, "acme/data"))).to.deep.equal(["acme/backend", "acme/ops"]);
    expect(paths(removeGroup(withTokens, "acme/ops"))).to.deep.equal(["acme/backend", "acme/data"]);
  });

  it("gains groups, and refuses what is wrong with them", () => {
    const added = addGroup(withTokens, { path: "acme/frontend", tags: ["web"], size: "large" });
    expect(paths(added)).to.deep.equal(["acme/backend", "acme/data", "acme/ops", "acme/frontend"]);
    expect(removeGroup(added, "acme/frontend")).to.equal(withTokens);
    expect(() => addGroup(withTokens, { path: "acme/new", size: "huge" })).to.throw(
      /groups\[3\]\.size: no size 'huge'/,
    );
  });

  it("may hold errors already: of those, none is taken for a new one where the edit moves it", () => {
    const wrong = withTokens
      .replace("acme/ops", "not a path")
      .replace("path: acme/api/app,", "path: acme/api/app, tags: [a],")
      .replaceAll(/v1:(ops|app)/g, "v1:data");
    for (const path of ["acme/backend", "acme/data", "not a path"]) {
      expect(paths(removeGroup(wrong, path)), path).not.to.contain(path);
      expect(() => addGroup(wrong, { path: "no path either" }), path).to.throw(
        /^nothing was[^]*wrong:\n {2}groups\[3\]\.path: [^\n]*$/,
      );
    }
  });

  it("may have lists and objects as JSON, which is how the CLI writes some", () => {
    const json = withTokens.replace(/sizes:\n.*\n/, `sizes: '{"large": {"cpu": 4096, "memory": 16384}}'\n`);
    expect(paths(addGroup(json, { path: "acme/frontend", size: "large" }))).to.contain("acme/frontend");
  });
});
