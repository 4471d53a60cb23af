/** The projects' bare repositories, and the commits that pipelines run on. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import * as path from "node:path";
import { git, tryGit } from "../command";
import { user, type CommitInfo, type Project } from "../model";
import type { State } from "../state";

export const repositoriesDir = (state: State) => path.join(state.stateDir, "repositories");
/** Repositories are named after the project's id, so that no path of a request reaches the file system. */
const repositoryPath = (state: State, project: Project) => path.join(repositoriesDir(state), `${project.id}.git`);

export async function createRepositories(state: State): Promise<void> {
  await mkdir(repositoriesDir(state), { recursive: true });
  const init = ["init", "--quiet", "--bare", "--template="];
  const cwd = repositoriesDir(state);
  const projects = state.projects.map(({ id, defaultBranch }) =>
    git([...init, `--initial-branch=${defaultBranch}`, `${id}.git`], { cwd }),
  );
  await Promise.all(projects);
}

export interface Checkout {
  dir: string;
  sha: string;
  /** Of the commit before, all zeros for the first. */
  beforeSha: string;
  commit: CommitInfo;
  /** Moves the branch to the commit and keeps it for the pipeline, as refs/pipelines/ID. */
  publish(pipelineId: number): Promise<void>;
  remove(): Promise<void>;
}

/** A work tree with one new commit on top of the branch, or of the default one where it is new; `fill` puts the files there. */
export async function commitSource(
  state: State,
  project: Project,
  branch: string,
  fill: (dir: string) => Promise<void>,
): Promise<Checkout> {
  const scratch = path.join(state.stateDir, "checkouts");
  await mkdir(scratch, { recursive: true });
  const dir = await mkdtemp(path.join(scratch, `${project.id}-`));
  const remove = () => rm(dir, { recursive: true, force: true });
  const bare = repositoryPath(state, project);
  try {
    await fill(dir);
    const cwd = dir;
    await git(["init", "--quiet", "--template=", `--initial-branch=${branch}`], { cwd });
    await git(["remote", "add", "origin", `${state.url}/${project.fullPath}.git`], { cwd });
    const fetch = (ref: string) => tryGit(["fetch", "--quiet", "--depth=1", bare, ref], { cwd });
    const fetched = [await fetch(branch)];
    if (fetched[0].exitCode !== 0 && branch !== project.defaultBranch) fetched.push(await fetch(project.defaultBranch));
    if (fetched.at(-1)!.exitCode === 0) await git(["reset", "--quiet", "--soft", "FETCH_HEAD"], { cwd });
    await git(["add", "--all", "--force"], { cwd });
    const title = "Run a pipeline in the sandbox";
    const author = ["-c", `user.name=${user.name}`, "-c", `user.email=${user.email}`];
    await git([...author, "commit", "--quiet", "--allow-empty", "--no-verify", `--message=${title}`], { cwd });
    const [sha, timestamp, parent] = (await git(["log", "-1", "--format=%H %cI %P"], { cwd })).trim().split(" ");
    return {
      dir,
      sha,
      beforeSha: parent ?? "0".repeat(40),
      commit: { title, message: title, author: `${user.name} <${user.email}>`, timestamp },
      remove,
      publish: (id) => {
        // Two pipelines may start at the same time: one after the other takes the branch.
        const refs = [`+HEAD:refs/heads/${branch}`, `HEAD:refs/pipelines/${id}`];
        return oneAtATime(bare, () => git(["push", "--quiet", bare, ...refs], { cwd }));
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Moves the project's default branch to where a branch is. */
export async function fastForward(state: State, project: Project, branch: string): Promise<void> {
  const bare = repositoryPath(state, project);
  const refs = [`refs/heads/${project.defaultBranch}`, `refs/heads/${branch}`];
  await oneAtATime(bare, () => git(["update-ref", ...refs], { cwd: bare }));
}

const turns = new Map<string, Promise<unknown>>();

/** Git locks the references that a push changes, and fails instead of waiting. */
async function oneAtATime(repository: string, work: () => Promise<unknown>): Promise<void> {
  const turn = (turns.get(repository) ?? Promise.resolve()).catch(() => undefined).then(work);
  turns.set(repository, turn);
  await turn;
}

/** The id of the last commit that changed the file, undefined where there is none. */
export async function lastChange(
  state: State,
  project: Project,
  sha: string,
  file: string,
): Promise<string | undefined> {
  const args = ["log", "-1", "--format=%H", sha, "--", file];
  const { exitCode, stdout } = await tryGit(args, { cwd: repositoryPath(state, project) });
  return exitCode === 0 && stdout.trim() ? stdout.trim() : undefined;
}
