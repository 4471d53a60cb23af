/** Git and the other programs that GitLab runs: they know neither the user's configuration nor a prompt. */
import { attempt, run, type Outcome } from "../command";

/** Git reads no configuration but the repository's own, and works on other users' repositories (sudo). */
export const gitEnvironment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "safe.directory",
  GIT_CONFIG_VALUE_0: "*",
  GIT_TERMINAL_PROMPT: "0",
};

/** The whole environment of a program that works in `cwd`. */
export const environmentIn = (cwd: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: cwd,
  LC_ALL: "C.UTF-8",
  ...gitEnvironment,
});

/** Git's output. Rejects with its error message where it fails. */
export function git(args: string[], { cwd }: { cwd: string }): Promise<string> {
  return run("git", args, { cwd, env: environmentIn(cwd), name: `git ${args[0]} in ${cwd}` });
}

/** Git where it may fail. */
export function tryGit(args: string[], { cwd }: { cwd: string }): Promise<Outcome> {
  return attempt("git", args, { cwd, env: environmentIn(cwd), name: `git ${args[0]} in ${cwd}` });
}
