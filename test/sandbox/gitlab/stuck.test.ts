import { expect } from "chai";
import { once } from "node:events";
import type { JobView, Pipeline } from "../../../sandbox/gitlab";
import { defaultPatience } from "../../../sandbox/gitlab/runner/watchdog";
import { startFixture, type FakeRunner, type Fixture } from "./support";

const noMatch =
  "This job is stuck because of one of the following problems. There are no active runners online, no runners for " +
  "the protected branch, or no runners that match all of the job's tags:";
const noneOnline = "This job is stuck because the project doesn't have any runners online assigned to it.";
const noneActive = "This job is stuck because you don't have any active runners that can run this job.";
const plain = "job: {script: [x]}\n";
const tagged = "job: {tags: [fargate, big], script: [x]}\n";

describe("GitLab stand-in: a job that no runner can take", function () {
  const { told, offline, stuck } = defaultPatience;
  let fixture: Fixture;
  beforeEach(async () => (fixture = await startFixture()));
  afterEach(() => fixture.close());

  /** A pending job's pipeline, and what has been said of it since. */
  async function start(content: string): Promise<{ pipeline: Pipeline; said: string[] }> {
    const pipeline = await fixture.pipeline(content);
    const said: string[] = [];
    pipeline.events.on("stuck", ({ name }: JobView, reason: string) => said.push(`${name}: ${reason}`));
    await once(pipeline.events, "job");
    return { pipeline, said };
  }

  /** A runner that asks for jobs, and holds its request until one comes. */
  async function waiting(runner: FakeRunner): Promise<void> {
    const seen = (await runner.request()).headers.get("x-gitlab-last-update")!;
    void runner.request({ lastUpdate: seen }).catch(() => undefined);
    await fixture.clock.awaited(50_000);
  }

  const cases: [string, string, string, (() => Promise<void>)?][] = [
    ["there is no runner at all", plain, noneActive],
    [
      "the only runner is another group's",
      plain,
      noneActive,
      async () => waiting(await fixture.createRunner({ runner_type: "group_type", group_id: 12 })),
    ],
    [
      "the only runner is paused",
      plain,
      noneActive,
      async () => void (await (await fixture.createRunner({ paused: true })).request()),
    ],
    ["the only runner has never asked for a job", plain, noneOnline, async () => void (await fixture.createRunner())],
    [
      "the only runner takes no untagged jobs",
      plain,
      noneOnline,
      async () => waiting(await fixture.createRunner({ tag_list: ["fargate"], run_untagged: false })),
    ],
    [
      "no runner has all of its tags",
      tagged,
      `${noMatch} fargate big`,
      async () => waiting(await fixture.createRunner({ tag_list: ["fargate"] })),
    ],
    [
      "the runner with its tags is paused",
      tagged,
      `${noMatch} fargate big`,
      async () => void (await fixture.createRunner({ tag_list: ["fargate", "big"], paused: true })),
    ],
  ];
  for (const [what, content, sentence, prepare] of cases) {
    it(`is said to be stuck, once, and waits on, where ${what}`, async () => {
      await prepare?.();
      const { pipeline, said } = await start(content);
      expect(said, "a moment is left for a runner to ask").to.deep.equal([]);
      fixture.clock.advance(3 * told);
      expect(said).to.deep.equal([`job: ${sentence}`]);
      expect(pipeline.jobs[0].status).to.equal("pending");
    });
  }

  it("is said to be stuck once its runner has not been heard of for a while, and runs when it comes back", async () => {
    const runner = await fixture.createRunner();
    await runner.request();
    fixture.clock.advance(1);
    const { pipeline, said } = await start(plain);
    fixture.clock.advance(offline - 2_000);
    expect(said, "the runner was there just now").to.deep.equal([]);
    fixture.clock.advance(4_000);
    expect(said).to.deep.equal([`job: ${noneOnline}`]);
    await runner.finish(await runner.take(), "success");
    expect((await pipeline.done).status).to.equal("success");
  });

  it("is not said to be stuck while a busy runner reports about its other jobs", async () => {
    const runner = await fixture.createRunner();
    await fixture.pipeline(plain);
    const busy = await runner.take();
    const { said } = await start(plain);
    for (let i = 0; i < 5; i++) {
      fixture.clock.advance(offline / 2);
      await runner.finish(busy, "running" as never);
    }
    expect(said).to.deep.equal([]);
  });

  it("fails in the end", async () => {
    const { pipeline } = await start(tagged);
    fixture.clock.advance(stuck);
    expect(pipeline.jobs[0].status).to.equal("pending");
    fixture.clock.advance(told);
    expect(pipeline.jobs[0].status).to.equal("failed");
    const { jobs } = await pipeline.done;
    expect(jobs[0]).to.include({ status: "failed", failure_reason: "stuck_or_timeout_failure", queued_s: null });
  });
});
