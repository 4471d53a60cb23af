import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { helperFile } from "../../../components/jobs/runner-helper";
import { downloadsUrl, projectDir } from "../../../sandbox/config";
import { downloadPaths } from "../../../sandbox/setup/artifacts/downloads";
import { checksumsFile, sha256, verifyChecksums } from "../../../sandbox/setup/checksums";

/** SHA-256 of "abc" (FIPS 180-2, appendix B.1). */
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("the downloads' checksums", () => {
  let folder: string;
  const write = (name: string, content: string) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };

  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), "checksums-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are SHA-256", async () => {
    expect(await sha256(write("file", "abc"))).to.equal(abc);
  });

  it("pass where the files are as recorded", async () => {
    write("a/b", "abc");
    await verifyChecksums(folder, write("record.json", JSON.stringify({ it: { path: "a/b", sha256: abc } })));
  });

  it("name what differs, with both checksums and the way out, and nothing else", async () => {
    write("good", "abc");
    const bad = await sha256(write("bad", "abd"));
    const record = { good: { path: "good", sha256: abc }, bad: { path: "bad", sha256: abc } };
    const error = await verifyChecksums(folder, write("record.json", JSON.stringify(record))).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error).to.contain(`bad: built ${bad}, on record is ${abc}`).and.not.contain("good:");
    expect(error).to.contain("checksums.json").and.contain("Pulumi.sandbox.yaml");
  });

  it("are those that the sandbox's stack demands of the same files", () => {
    const record = JSON.parse(readFileSync(checksumsFile, "utf8")) as Record<string, { path: string; sha256: string }>;
    const stack = parse(readFileSync(path.join(projectDir, "Pulumi.sandbox.yaml"), "utf8")) as {
      config: Record<string, Record<"runner" | "go", { version: string; baseUrl: string; sha256: string }>>;
    };
    const { runner, go } = stack.config["gitlab-fargate-runners:host"]!;
    const { helperSha256 } = runner as { helperSha256?: string };
    expect(record["gitlab-runner-helper"]).to.deep.equal({ path: downloadPaths.helper, sha256: helperSha256 });
    expect(record["gitlab-runner"]).to.deep.equal({ path: downloadPaths.runner, sha256: runner.sha256 });
    expect(record.go).to.deep.equal({ path: downloadPaths.go, sha256: go.sha256 });
    expect(`${runner.baseUrl}/v${runner.version}/binaries/gitlab-runner-linux-amd64`).to.equal(
      `${downloadsUrl}/${downloadPaths.runner}`,
    );
    expect(`${runner.baseUrl}/v${runner.version}/${helperFile("x86_64")}`).to.equal(
      `${downloadsUrl}/${downloadPaths.helper}`,
    );
    expect(`${go.baseUrl}/go${go.version}.linux-amd64.tar.gz`).to.equal(`${downloadsUrl}/${downloadPaths.go}`);
  });
});
