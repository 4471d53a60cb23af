/** Which runner gets which job, and when: routing and long polling. */
import { isWithin } from "../fixture";
import type { Job, Project, Runner } from "../model";
import { isProtected } from "../pipeline/variables";
import type { State } from "../state";
import { queueVersion } from "../tokens";

/** How long GitLab (its Workhorse) holds a request for a job, in ms. */
export const longPoll = 50_000;

/** Whether the runner may run the job at all, paused or not. */
export function serves(runner: Runner, job: Job): boolean {
  const { project, ref } = job.pipeline;
  const { tags } = job.definition;
  if (!isAssigned(runner, project)) return false;
  if (runner.accessLevel === "ref_protected" && !isProtected(project, ref)) return false;
  if (!tags.length) return runner.runUntagged;
  return tags.every((tag) => runner.tags.includes(tag));
}

/** Whether the project is among those that the runner is for. */
export function isAssigned(runner: Runner, project: Project): boolean {
  if (runner.group) return isWithin(project.group, runner.group);
  return !runner.project || runner.project === project;
}

/** Whether a runner process is there: it has been heard of lately. */
export function isOnline(state: State, runner: Runner): boolean {
  const { contactedAt } = runner;
  return contactedAt !== null && state.clock.now() - contactedAt.getTime() < state.patience.offline;
}

/** The oldest pending job for the runner. */
export function nextJob(state: State, runner: Runner): Job | undefined {
  if (runner.paused) return undefined;
  return [...state.jobs.values()].find((job) => job.status === "pending" && serves(runner, job));
}

/** Keeps the runners' queue versions: each pending job gives new ones to the runners that may take it. */
export function watchQueue(state: State): void {
  const renew = (runner: Runner) => {
    runner.queueVersion = queueVersion();
    state.events.emit(`wake:${runner.id}`);
  };
  state.events.on("runner", renew);
  state.events.on("queued", (job: Job) => {
    for (const runner of state.runners.values()) if (serves(runner, job)) renew(runner);
  });
}

/** Resolves when the runner's queue has changed, the time is over, the client hung up or the server ends. */
export function queueChange(state: State, runner: Runner, signal: AbortSignal, timeout: number): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const events = [`wake:${runner.id}`, "close"];
    const finish = () => {
      stopTimer();
      signal.removeEventListener("abort", finish);
      for (const event of events) state.events.off(event, finish);
      resolve();
    };
    const stopTimer = state.clock.after(timeout, finish);
    signal.addEventListener("abort", finish);
    for (const event of events) state.events.on(event, finish);
  });
}
