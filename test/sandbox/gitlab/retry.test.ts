import { expect } from "chai";
import type { Retry } from "../../../sandbox/gitlab/pipeline/definition";
import { retries } from "../../../sandbox/gitlab/pipeline/retry";

describe("GitLab stand-in: retry", () => {
  /** What `retry` says, why the job failed, its exit code, and how often it is run again. */
  const cases: [Retry, string, number | null, number][] = [
    // Without anything, and with a number alone.
    [{}, "script_failure", 1, 0],
    [{ max: 0 }, "script_failure", 1, 0],
    [{ max: 2 }, "script_failure", 1, 2],
    [{ max: 1 }, "runner_system_failure", null, 1],
    // Reasons.
    [{ max: 2, when: ["script_failure"] }, "script_failure", 1, 2],
    [{ max: 2, when: ["runner_system_failure"] }, "script_failure", 1, 0],
    [{ max: 2, when: ["runner_system_failure"] }, "runner_system_failure", null, 2],
    [{ max: 2, when: ["api_failure", "always"] }, "script_failure", 1, 2],
    [{ max: 2, when: [] }, "script_failure", 1, 0],
    [{ when: ["always"] }, "script_failure", 1, 0],
    // Exit codes alone: no reason counts any more.
    [{ max: 2, exitCodes: [99] }, "script_failure", 99, 2],
    [{ max: 2, exitCodes: [98, 99] }, "script_failure", 99, 2],
    [{ max: 2, exitCodes: [99] }, "script_failure", 1, 0],
    [{ max: 2, exitCodes: [99] }, "runner_system_failure", null, 0],
    [{ max: 2, exitCodes: [99] }, "job_execution_timeout", null, 0],
    [{ exitCodes: [99] }, "script_failure", 99, 0],
    // Either of the two is enough.
    [{ max: 2, when: ["runner_system_failure"], exitCodes: [99] }, "script_failure", 99, 2],
    [{ max: 2, when: ["runner_system_failure"], exitCodes: [99] }, "runner_system_failure", null, 2],
    [{ max: 2, when: ["runner_system_failure"], exitCodes: [99] }, "script_failure", 1, 0],
    [{ max: 2, when: ["always"], exitCodes: [99] }, "script_failure", 1, 2],
    // What GitLab decides against the file.
    [{ max: 2 }, "missing_dependency_failure", null, 0],
    [{ max: 2, when: ["always"] }, "no_matching_runner", null, 0],
    [{ max: 2 }, "ci_quota_exceeded", null, 0],
    [{ max: 2 }, "forward_deployment_failure", null, 0],
    [{ max: 2 }, "environment_creation_failure", null, 0],
    // What it grants without the file.
    [{}, "scheduler_failure", null, 2],
    [{ max: 1, when: ["script_failure"] }, "scheduler_failure", null, 2],
    [{ max: 1 }, "scheduler_failure", null, 1],
    [{ max: 0 }, "scheduler_failure", null, 0],
  ];
  for (const [retry, reason, exitCode, times] of cases) {
    const failure = exitCode === null ? reason : `${reason} with exit code ${exitCode}`;
    it(`runs a job with ${JSON.stringify(retry)} ${times} times more after ${failure}`, () => {
      const attempts = [0, 1, 2, 3];
      const again = attempts.map((attempt) => retries(retry, { attempt, reason, exitCode }));
      expect(again).to.deep.equal(attempts.map((attempt) => attempt < times));
    });
  }
});
