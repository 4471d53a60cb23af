import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { findDriverSource } from "../../components/look-ups/driver-source";
import { projectDir } from "../../sandbox/config";

describe("the driver's sources", () => {
  let folder: string;
  let project: string;
  let repository: string;
  const commits: Record<string, string> = {};

  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], {
      cwd: path.join(folder, "repository"),
      encoding: "utf8",
    }).trim();

  /** A commit in which the driver's main.go is this text. */
  function commit(text: string): string {
    const write = (file: string, content: string) => {
      const target = path.join(folder, "repository", file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, content);
    };
    write("README.md", text);
    write("driver/go.mod", "module driver\n");
    write("driver/cmd/fargate/main.go", text);
    write("driver/cmd/ci-agent/main.go", "package main\n");
    git("add", "--all");
    git("commit", "--quiet", "--message", text);
    return git("rev-parse", "HEAD");
  }

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "driver-source-"));
    fs.mkdirSync(path.join(folder, "repository"));
    repository = `file://${folder}/repository`;
    git("init", "--quiet", "--initial-branch=main");
    commits.first = commit("first");
    git("tag", "--annotate", "--message", "first", "v1");
    commits.second = commit("second");
    git("branch", "v1");
    commits.third = commit("third");
  });
  after(() => fs.rmSync(folder, { recursive: true }));
  beforeEach(() => (project = fs.mkdtempSync(path.join(folder, "project-"))));

  const find = (ref: string, directory = "driver") => findDriverSource({ repository, ref, directory }, project);
  const main = (found: { folder: string }) => fs.readFileSync(path.join(found.folder, "cmd/fargate/main.go"), "utf8");
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error, "it did not fail").to.be.instanceOf(Error);
    expect(
      fs.existsSync(path.join(project, ".driver")) ? fs.readdirSync(path.join(project, ".driver")) : [],
    ).to.deep.equal([]);
    return error!.message;
  };

  it("are this project's own where no repository is named", async () => {
    const found = await findDriverSource({ directory: "driver" });
    expect(found).to.include({ folder: path.join(projectDir, "driver"), origin: "bundled" });
    expect(fs.existsSync(path.join(found.folder, "go.mod"))).to.equal(true);
  });

  it("are a commit's files, without history, told by repository and commit", async () => {
    const found = await find(commits.second);
    expect(found.origin).to.equal(`${repository} ${commits.second}`);
    expect(found.folder).to.equal(path.join(project, ".driver", commits.second, "driver"));
    expect(main(found)).to.equal("second");
    expect(fs.readdirSync(path.join(project, ".driver"))).to.deep.equal([commits.second]);
    expect(fs.readdirSync(path.join(project, ".driver", commits.second)).sort()).to.deep.equal(["README.md", "driver"]);
  });

  it("are those of a branch's last commit", async () => {
    const found = await find("main");
    expect([main(found), found.origin]).to.deep.equal(["third", `${repository} ${commits.third}`]);
  });

  it("are those that an annotated tag stands for, before a branch of that name", async () => {
    const found = await find("v1");
    expect([main(found), found.origin]).to.deep.equal(["first", `${repository} ${commits.first}`]);
  });

  it("have the same name whatever commit they come from, and another one where they differ", async () => {
    git("commit", "--quiet", "--allow-empty", "--message", "nothing");
    const [third, same, second] = await Promise.all(
      [commits.third, git("rev-parse", "HEAD"), commits.second].map((ref) => find(ref)),
    );
    git("reset", "--quiet", "--hard", commits.third);
    expect(same.hash).to.equal(third.hash).and.not.to.equal(second.hash);
  });

  it("are fetched once: a commit that is there needs no repository", async () => {
    const first = await find(commits.second);
    const away = `file://${folder}/away`;
    const again = await findDriverSource({ repository: away, ref: commits.second, directory: "driver" }, project);
    expect(again.hash).to.equal(first.hash);
  });

  it("are fetched by two deployments at once", async () => {
    const found = await Promise.all([find(commits.first), find(commits.first)]);
    expect(found[0]).to.deep.equal(found[1]);
    expect(fs.readdirSync(path.join(project, ".driver"))).to.deep.equal([commits.first]);
  });

  it("are refused where there is no such branch, tag or commit", async () => {
    expect(await failure(find("v2"))).to.equal(`driver.ref: ${repository} has no branch or tag "v2"`);
    expect(await failure(find(commits.first.slice(0, 8))))
      .to.contain("driver.ref: ")
      .and.contain("all digits of its id");
    const unknown = "0123456789abcdef0123456789abcdef01234567";
    expect(await failure(find(unknown))).to.equal(`driver.ref: ${repository} has no commit ${unknown}`);
  });

  it("are refused where the repository cannot be read, without telling what git's helpers know", async () => {
    const gone = `file://${folder}/gone`;
    for (const ref of ["main", commits.first]) {
      const message = await failure(findDriverSource({ repository: gone, ref, directory: "driver" }, project));
      expect(message).to.match(
        new RegExp(`^driver\\.repository: ${gone} cannot be read \\(.+\\); git on this machine`),
      );
    }
  });

  it("are refused where the folder is not the driver's", async () => {
    const error = await find(commits.first, "src").catch((reason: Error) => reason);
    expect((error as Error).message)
      .to.contain(`driver.directory: ${repository} has no src/go.mod at ${commits.first}`)
      .and.contain("cmd/fargate and cmd/ci-agent");
  });

  it("may be the repository's root", async () => {
    const error = await find(commits.first, ".").catch((reason: Error) => reason);
    expect((error as Error).message).to.contain(`has no go.mod at ${commits.first}`);
    git("mv", "driver/go.mod", "driver/cmd", ".");
    git("commit", "--quiet", "--message", "root");
    const found = await find("main", ".");
    git("reset", "--quiet", "--hard", commits.third);
    expect(path.relative(project, found.folder)).to.match(/^\.driver\/[0-9a-f]{40}$/);
    expect(main(found)).to.equal("third");
  });
});
