/** Many jobs while AWS misbehaves: each ends with its own result, and no task is left. */
import { expect } from "chai";
import { putFault } from "../support/faults";
import { runCi, status, useSandbox } from "../support/sandbox";

/** Jobs of the pipeline, a quarter of which each of four kinds; the stack's host runs 10 at a time. */
const jobsPerKind = 25;

describe("a hundred jobs under throttling and lost capacity", () => {
  useSandbox();

  it("have a hundred true results and leave no task", async () => {
    const kinds = [0, 1, 42, 200];
    const pipeline = kinds
      .map(
        (code) =>
          `exit-${code}:\n  parallel: ${jobsPerKind}\n  variables: {GIT_STRATEGY: none}\n` +
          `  script: ['echo job-$CI_JOB_ID-${code}', exit ${code}]\n` +
          (code === 0 ? "" : `  allow_failure: {exit_codes: [${code}]}\n`),
      )
      .join("");
    for (const action of ["RunTask", "DescribeTasks", "StopTask", "ListTasks"]) {
      await putFault({ fault: "throttle", action, times: 60 });
    }
    // The first attempt of some prepares: the runner makes three.
    await putFault({ fault: "exhaust", capacityProvider: "FARGATE", times: 10 });

    const { jobs, tasks, exitCode } = await runCi(pipeline);
    expect(exitCode).to.equal(0);
    expect(jobs).to.have.length(kinds.length * jobsPerKind);
    for (const { name, status, exit_code, trace } of jobs) {
      const code = Number(/^exit-(\d+)/.exec(name)![1]);
      expect({ name, status, exit_code }, trace.slice(-1500)).to.deep.equal({
        name,
        status: code === 0 ? "success" : "failed",
        exit_code: code,
      });
      expect(trace, name).to.match(new RegExp(`job-\\d+-${code}\\b`));
    }
    expect(tasks.running).to.equal(0);
    expect(tasks.stopped).to.equal(tasks.started);
    expect((await status()).tasks.running).to.equal(0);
  });
});
