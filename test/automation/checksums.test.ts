/** Checksums of GitLab Runner: read, verified, and pinned in a stack file. */
import { expect } from "chai";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { checksums } from "../../automation/checksums";
import { UserError } from "../../automation/errors";
import { parseChecksums } from "../../automation/release-checksums";
import { whyUnverified } from "../../automation/release-signature";
import { setText } from "../../automation/stack-file-value";

const fixture = (name: string) => readFileSync(path.join(__dirname, "release", name), "utf8");
const [text, signature, key] = ["release.sha256", "release.sha256.asc", "key.asc"].map(fixture);
/** Of the key in release/, which belongs to these tests. */
const fingerprint = "E71F21EE3B69408E6962B8598EAA299F26ACDC8C";
const sum = (letter: string) => letter.repeat(64);

const refusal = async (work: Promise<unknown>): Promise<Error> => {
  const error = await work.then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error).to.be.instanceOf(UserError);
  return error!;
};

describe("checksums of a release", () => {
  it("are read by file, with whatever sha256sum writes before its name", () => {
    const lines = [`${sum("a")} *binaries/a`, `${sum("b")}  ./binaries/b`, "", "# no line of it", `${sum("c")}  c\r`];
    expect([...parseChecksums(lines.join("\n"))]).to.deep.equal([
      ["binaries/a", sum("a")],
      ["binaries/b", sum("b")],
      ["c", sum("c")],
    ]);
    expect(() => parseChecksums("<html>not found</html>")).to.throw(UserError, "no checksums in it");
  });

  describe("are verified", () => {
    const signed = { text, signature, key };

    it("where the key has signed them", async () => {
      expect(await whyUnverified(signed, fingerprint)).to.equal(undefined);
    });

    it("and refused where they were changed, or signed by somebody else", async () => {
      const changed = { ...signed, text: text.replace(/a/, "0") };
      expect((await refusal(whyUnverified(changed, fingerprint))).message).to.match(/^its signature is not GitLab's/);
      const other = await refusal(whyUnverified(signed, sum("0").slice(0, 40)));
      expect(other.message).to.equal(`its signature is by the key ${fingerprint}, and not by GitLab's`);
      expect((await refusal(whyUnverified({ ...signed, key: "none" }, fingerprint))).message).to.match(/not GitLab's/);
    });
  });

  it("are not looked for where there is no such version, or no such stack", async () => {
    const none = await refusal(checksums("19", {}));
    expect(none.message).to.equal('"19" is not a version of GitLab Runner, like 19.4.0');
    const nowhere = await refusal(checksums("19.4.0", { stack: "none" }, { folder: os.tmpdir() }));
    expect(nowhere.message).to.equal("there is no Pulumi.none.yaml");
  });

  describe("in a stack file", () => {
    let folder: string;
    let file: string;
    let server: http.Server;
    let served: Record<string, string>;
    let address: string;
    before(async () => {
      server = http.createServer(({ url = "" }, response) => {
        response.writeHead(served[url] === undefined ? 404 : 200).end(served[url]);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());
    beforeEach(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), "checksums-"));
      file = path.join(folder, "Pulumi.own.yaml");
      const release = "/v19.4.0/release.sha256";
      served = { [release]: text, [`${release}.asc`]: signature, "/key": key, "/v19.5.0/release.sha256": text };
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const namespace = "gitlab-fargate-runners";
    const pin = async (content: string, version?: string, requireSignature?: boolean) => {
      writeFileSync(file, content);
      const key = { fingerprint, url: `${address}/key` };
      const code = await checksums(version, { stack: "acme/runners/own", requireSignature }, { folder, key });
      expect(code).to.equal(0);
      return readFileSync(file, "utf8");
    };
    const settings = (more = "") =>
      `# mine\nconfig:\n  ${namespace}:architecture: arm64 # of tasks\n  ${namespace}:host:\n    runner:\n` +
      `      version: 19.4.0\n      baseUrl: ${address} # a mirror\n${more}  aws:region: eu-central-1\n`;

    it("are those of the hosts' and the tasks' architecture; nothing else is touched", async () => {
      const pinned = `      sha256: "${sum("e")}"\n      helperSha256: "${sum("c")}"\n`;
      expect(await pin(settings())).to.equal(settings(pinned));
      // Again: it is as it was.
      expect(await pin(settings(pinned), undefined, true)).to.equal(settings(pinned));
      const own = settings("    architecture: x86_64\n");
      expect(parse(await pin(own)).config[`${namespace}:host`].runner).to.include({
        sha256: sum("a"),
        helperSha256: sum("c"),
      });
    });

    it("of another version come with it", async () => {
      const { version, sha256 } = parse(await pin(settings(), "v19.5.0")).config[`${namespace}:host`].runner;
      expect({ version, sha256 }).to.deep.equal({ version: "19.5.0", sha256: sum("e") });
    });

    it("stay what they were where they are not signed, and that is asked for, or by another", async () => {
      const error = await refusal(pin(settings(), "19.5.0", true));
      expect(error.message).to.match(/v19\.5\.0\/release\.sha256 is not verified: .*release\.sha256\.asc: 404/);
      served["/v19.5.0/release.sha256.asc"] = signature;
      served["/v19.5.0/release.sha256"] = text.replace("a", "0");
      expect((await refusal(pin(settings(), "19.5.0"))).message).to.match(/its signature is not GitLab's/);
      expect(readFileSync(file, "utf8")).to.equal(settings());
    });

    it("come through the environment's proxy", async () => {
      process.env.HTTP_PROXY = address;
      const mirror = address;
      address = "http://release.test";
      served = Object.fromEntries(Object.entries(served).map(([name, text]) => [`${address}${name}`, text]));
      try {
        expect(await pin(settings(), undefined, true)).to.contain(sum("e"));
      } finally {
        delete process.env.HTTP_PROXY;
        address = mirror;
      }
    });

    it("of a version that there is none of are refused in a sentence", async () => {
      expect((await refusal(pin(settings(), "1.0.0"))).message).to.match(/v1\.0\.0\/release\.sha256: 404/);
    });
  });
});

describe("a text in a stack file", () => {
  const keys = ["config", "n:host", "runner", "sha256"];
  const cases: [string, string, string][] = [
    [
      "is replaced where it stands",
      "config:\n  n:host:\n    runner:\n      sha256: old # why\n",
      'config:\n  n:host:\n    runner:\n      sha256: "new" # why\n',
    ],
    [
      "is added in a flow map",
      "config:\n  n:host: { runner: { version: 1 }, x: 2 }\n",
      'config:\n  n:host: { runner: { version: 1, sha256: "new" }, x: 2 }\n',
    ],
    [
      "comes with the maps around it",
      "config:\n  a: b",
      'config:\n  a: b\n  n:host:\n    runner:\n      sha256: "new"\n',
    ],
    [
      "keeps the line ends",
      "config:\r\n  n:host:\r\n    count: 1\r\n",
      'config:\r\n  n:host:\r\n    count: 1\r\n    runner:\r\n      sha256: "new"\r\n',
    ],
  ];
  for (const [what, before, after] of cases) {
    it(what, () => expect(setText(before, keys, "new")).to.equal(after));
  }

  it("has to be set by hand where the file is written otherwise", () => {
    for (const text of ["config:\n", `config:\n  n:host: '{"runner": {}}'\n`, "config:\n  n:host:\n"]) {
      expect(() => setText(text, keys, "new"), text).to.throw(
        UserError,
        "n:host.runner.sha256 has to be set by hand: new",
      );
    }
  });

  it("is not set where the file is no YAML, of which nothing is repeated", () => {
    expect(() => setText("config:\n  n:host: [*s3cret]\n", keys, "new"))
      .to.throw(UserError, "the stack file, line 2: no valid YAML: what begins with *")
      .with.property("message")
      .that.does.not.contain("s3cret");
  });
});
