/** Many jobs while AWS and the network misbehave: each ends with its own result, and no task is left. */
import { expect } from "chai";
import { putFault } from "../support/faults";
import { runCi, scriptLines } from "../support/pipelines";
import { status, useSandbox } from "../support/sandbox";

/**
 * How many; the stack's host runs 10 at a time. With 60 each fault is met several times. More, by the environment, take
 * their time: 200 four minutes.
 */
const count = Number(process.env.MANY_JOBS ?? 60);
const exitCodes = [0, 1, 42, 137, 255];
/** Lines of a hundred characters, beside those that every job writes. */
const outputs = [0, 2000];

const kinds = exitCodes.flatMap((code) => outputs.map((lines) => ({ name: `exit-${code}-${lines}`, code, lines })));

const jobsPerKind = Math.ceil(count / kinds.length);

const pipeline = kinds
  .map(({ name, code, lines }) =>
    [
      `${name}:`,
      `  parallel: ${jobsPerKind}`,
      "  variables: {GIT_STRATEGY: none}",
      "  script:",
      '    - echo "begin of $CI_JOB_NAME"',
      `    - 'awk "BEGIN { for (i = 1; i <= ${lines}; i++) printf \\"line %095d\\\\n\\", i }"'`,
      '    - echo "end of $CI_JOB_NAME"',
      `    - exit ${code}`,
      ...(code === 0 ? [] : [`  allow_failure: {exit_codes: [${code}]}`]),
      "",
    ].join("\n"),
  )
  .join("");

/** What the script itself wrote, one item a line. */
const written = (trace: string) => scriptLines(trace).filter((line) => /^(begin of|line|end of) /.test(line));

describe("many jobs under throttling, lost capacity, lost answers and failing connections", () => {
  useSandbox();

  const actions = ["RunTask", "DescribeTasks", "StopTask", "ListTasks"];

  before(async () => {
    // A fifth of all SSH connects fail, and each task's sshd is up to 15 s late.
    await putFault({ fault: "trouble-ssh", refused: 0.1, reset: 0.1, late: 15_000 });
    for (const action of actions) await putFault({ fault: "throttle", action, times: 1000, every: 5 });
    await putFault({ fault: "exhaust", capacityProvider: "FARGATE", times: 1000, every: 10 });
    // Answered later than the driver waits; the connections are cut then.
    await putFault({ fault: "lose-answer", action: "RunTask", times: 1000, every: 20, delay: 30_000 });
    // Cut off at once.
    for (const action of ["DescribeTasks", "StopTask", "ListTasks"]) {
      await putFault({ fault: "lose-answer", action, times: 1000, every: 20, delay: 0 });
    }
  });

  it("have as many true results and leave no task", async () => {
    const { jobs, tasks, exitCode } = await runCi(pipeline);
    expect(jobs).to.have.length(kinds.length * jobsPerKind);
    for (const { name, status, exit_code, trace } of jobs) {
      const kind = kinds.find((one) => name.startsWith(`${one.name} `))!;
      expect({ name, status, exit_code }, trace.slice(-1500)).to.deep.equal({
        name,
        status: kind.code === 0 ? "success" : "failed",
        exit_code: kind.code,
      });
      const lines = Array.from({ length: kind.lines }, (_, i) => `line ${String(i + 1).padStart(95, "0")}`);
      expect(written(trace), name).to.deep.equal([`begin of ${name}`, ...lines, `end of ${name}`]);
    }
    expect(exitCode).to.equal(0);
    expect(tasks.running).to.equal(0);
    expect(tasks.stopped).to.equal(tasks.started);
    expect((await status()).tasks.running).to.equal(0);
  });
});
