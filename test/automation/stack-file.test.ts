/** Groups added to and removed from stack files, of which nothing else may change. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { addGroup, removeGroup } from "../../automation/stack-file";

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
