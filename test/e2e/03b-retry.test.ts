/** Jobs that fail and are run again: the exit code goes from the task through driver and runner to GitLab, which decides. */
import { expect } from "chai";
import { runCi, useSandbox } from "../support/sandbox";

describe("jobs that fail", () => {
  useSandbox();

  it("are run again, in a task of their own each time, where `retry` names their exit code", async () => {
    const job = (name: string, exitCode: number, retry: string) =>
      `${name}:\n  script: [exit ${exitCode}]\n  retry: ${retry}\n`;
    const { jobs, tasks } = await runCi(
      job("named", 99, "{max: 2, exit_codes: [99]}") +
        job("other", 1, "{max: 2, exit_codes: [99]}") +
        job("code-beside-a-reason", 99, "{max: 1, when: [runner_system_failure], exit_codes: 99}") +
        job("reason-beside-a-code", 1, "{max: 1, when: [script_failure], exit_codes: 99}"),
    );
    const outcomes = jobs.map(({ name, exit_code, attempts }) => [name, exit_code, attempts]);
    expect(outcomes).to.have.deep.members([
      ["named", 99, 3],
      ["other", 1, 1],
      ["code-beside-a-reason", 99, 2],
      ["reason-beside-a-code", 1, 2],
    ]);
    expect(tasks).to.deep.equal({ started: 8, stopped: 8, running: 0 });
  });
});
