import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { projectDir } from "../../sandbox/config";
import type { RunResult } from "../../sandbox/control/protocol";
import { unexpected } from "../../sandbox/demo-run";

type Job = RunResult["jobs"][number];

const job = (name: string, over: Partial<Job> = {}): Job => ({
  name,
  status: "success",
  attempts: 1,
  exit_code: 0,
  failure_reason: null,
  queued_s: 1,
  duration_s: 2,
  trace: "",
  ...over,
});

/** A pipeline that did what the demo's file says. */
function good(): RunResult {
  const jobs = [
    job("clone"),
    job("exit-42", { status: "failed", exit_code: 42, failure_reason: "script_failure" }),
    job("cancelled", { status: "canceled", exit_code: null }),
  ];
  return { jobs, tasks: { started: 3, stopped: 3, running: 0 } };
}

/** The same with another job of that name. */
function withJob(changed: Job): RunResult {
  const { jobs, tasks } = good();
  return { jobs: jobs.map((one) => (one.name === changed.name ? changed : one)), tasks };
}

describe("the verdict on the demo pipeline", () => {
  it("has nothing to say where each job did what it should", () => {
    expect(unexpected(good())).to.deep.equal([]);
  });

  const cases: [string, RunResult, string][] = [
    [
      "a job that failed",
      withJob(job("clone", { status: "failed", exit_code: 1 })),
      "job clone: failed (exit code 1), expected success (0)",
    ],
    [
      "a job that was cancelled by itself",
      withJob(job("clone", { status: "canceled", exit_code: null })),
      "job clone: canceled (exit code null), expected success (0)",
    ],
    [
      "a job that should have failed",
      withJob(job("exit-42")),
      "job exit-42: success (exit code 0), expected failed (42)",
    ],
    [
      "another exit code than the script's",
      withJob(job("exit-42", { status: "failed", exit_code: 1 })),
      "job exit-42: failed (exit code 1), expected failed (42)",
    ],
    [
      "a job that nobody could cancel",
      withJob(job("cancelled")),
      "job cancelled: success (exit code 0), expected canceled (null)",
    ],
    [
      "a task that still runs",
      { ...good(), tasks: { started: 3, stopped: 2, running: 1 } },
      "1 Fargate tasks still run",
    ],
    [
      "tasks that nobody asked for",
      { ...good(), tasks: { started: 4, stopped: 4, running: 0 } },
      "4 tasks were started for 3 jobs",
    ],
    ["a pipeline of nothing", { jobs: [], tasks: { started: 0, stopped: 0, running: 0 } }, "the pipeline had no jobs"],
  ];
  for (const [what, result, complaint] of cases) {
    it(`names ${what}`, () => expect(unexpected(result)).to.deep.equal([complaint]));
  }

  it("names all at once", () => {
    const { jobs } = withJob(job("clone", { status: "failed", exit_code: 1 }));
    expect(unexpected({ jobs, tasks: { started: 2, stopped: 1, running: 1 } })).to.have.lengthOf(3);
  });

  it("makes its exceptions for jobs that the demo has", () => {
    const file = path.join(projectDir, "sandbox", "demo", ".gitlab-ci.yml");
    const names = Object.keys(parse(readFileSync(file, "utf8")) as object).filter((name) => name !== "stages");
    const jobs = names.map((name) => job(name));
    const complaints = unexpected({ jobs, tasks: { started: jobs.length, stopped: jobs.length, running: 0 } });
    expect(complaints.map((complaint) => /^job (\S+):/.exec(complaint)?.[1])).to.have.members(["exit-42", "cancelled"]);
  });
});
