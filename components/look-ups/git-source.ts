/** Fetches single commits of git repositories by the machine's own git, with its credentials. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const commitId = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The commit that a branch, a tag or a full commit id names. A commit id is taken as it is; {@link fetchCommit} finds
 * out whether it exists.
 *
 * @throws Error naming driver.ref where the repository has no such branch or tag
 */
export async function resolveRef(repository: string, ref: string): Promise<string> {
  if (commitId.test(ref)) return ref;
  const names = [`refs/tags/${ref}^{}`, `refs/tags/${ref}`, `refs/heads/${ref}`];
  const listed = await git(["ls-remote", "--", repository, ...names]).catch((error: Error) => {
    throw new Error(`driver.repository: ${repository} cannot be read (${error.message}); ${credentials}`);
  });
  const commits = new Map(listed.split("\n").map((line) => line.split("\t").reverse() as [string, string]));
  // As git itself has it: tags before branches, and the commit that an annotated tag stands for.
  const found = names.find((name) => commits.has(name));
  if (found !== undefined) return commits.get(found)!;
  const hint = /^[0-9a-f]{4,63}$/.test(ref) ? "; a commit is named by all digits of its id" : "";
  throw new Error(`driver.ref: ${repository} has no branch or tag "${ref}"${hint}`);
}

/**
 * Puts the commit's files, without their history, into `folder`; does nothing where that is there. The folder appears
 * whole or not at all.
 *
 * @throws Error naming driver.ref where the repository has no such commit
 */
export async function fetchCommit(repository: string, commit: string, folder: string): Promise<void> {
  if (fs.existsSync(folder)) return;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const scratch = fs.mkdtempSync(`${folder}-`);
  try {
    const bare = path.join(scratch, "git");
    const tree = path.join(scratch, "tree");
    fs.mkdirSync(tree);
    const format = commit.length === 64 ? ["--object-format=sha256"] : [];
    await git(["init", "--quiet", "--bare", ...format, bare]);
    const inRepository = (...args: string[]) => git([`--git-dir=${bare}`, `--work-tree=${tree}`, ...args]);
    await fetchInto(inRepository, repository, commit);
    // Line ends and links as they are in the repository, whatever the machine is set to.
    const exact = ["-c", "core.autocrlf=false", "-c", "core.symlinks=true", "-c", "advice.detachedHead=false"];
    await inRepository(...exact, "checkout", "--quiet", "--force", commit);
    fs.renameSync(tree, folder);
  } catch (error) {
    // Another deployment from this folder may have fetched the same commit meanwhile.
    if (!fs.existsSync(folder)) throw error;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function fetchInto(inRepository: (...args: string[]) => Promise<string>, repository: string, commit: string) {
  try {
    await inRepository("fetch", "--quiet", "--depth=1", "--no-tags", "--", repository, commit);
    return;
  } catch (error) {
    // Not every server hands out a commit by its id (uploadpack.allowAnySHA1InWant); all of them do by branch and tag.
    const all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    await inRepository("fetch", "--quiet", "--", repository, ...all).catch(() => {
      throw new Error(`driver.repository: ${repository} cannot be read (${(error as Error).message}); ${credentials}`);
    });
  }
  await inRepository("cat-file", "-e", `${commit}^{commit}`).catch(() => {
    throw new Error(`driver.ref: ${repository} has no commit ${commit}`);
  });
}

const credentials = "git on this machine has to reach it, with credentials of its own where it is private";

/** Git's own variables would turn a call to the repository that, for example, a hook was started in. */
const foreign = /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE)$/;

function git(args: string[]): Promise<string> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  const env = {
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
    ...own,
    // Nobody answers a question here.
    GIT_TERMINAL_PROMPT: "0",
    GIT_LFS_SKIP_SMUDGE: "1",
    LC_ALL: "C",
  };
  return new Promise((resolve, reject) => {
    execFile("git", args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      reject(new Error(missing ? "git is not installed on this machine" : lastLine(stderr) || error.message));
    });
  });
}

/** Git's own reason; addresses without what a helper may have put into them. */
const lastLine = (text: string): string =>
  (text.trim().split("\n").pop() ?? "").replace(/:\/\/[^/@\s]*@/g, "://").replace(/^fatal: /, "");
