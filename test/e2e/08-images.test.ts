/** Jobs in images of their own (docs/driver.md): by `image:`, with the runner, the driver and images that are nobody's here. */
import { expect } from "chai";
import { ECSClient, paginateListTaskDefinitions } from "@aws-sdk/client-ecs";
import { accountId, region } from "../../sandbox/config";
import { deploy } from "../support/engine";
import { withFargateToml } from "../support/host";
import { cancelJob, putFault } from "../support/faults";
import { pushForeignImage, pushForeignIndex } from "../support/images";
import { runCi, runWith, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { withSettings } from "../support/stack";
import { awsSettings } from "../support/task-definitions";
import { runningTask } from "../support/tasks";

const foreign = `${accountId}.dkr.ecr.${region}.amazonaws.com/foreign`;
const [busybox, app, greeter] = ["busybox", "app", "greeter"].map((name) => `${foreign}/${name}:latest`);
const login = `arn:aws:secretsmanager:${region}:${accountId}:secret:registry-login-AbCdEf`;
const withoutSources = { GIT_STRATEGY: "none" };

interface JobText {
  image?: string | object;
  script: string[];
  [keyword: string]: unknown;
}
const pipeline = (jobs: Record<string, JobText>) => JSON.stringify({ stages: ["first", "second"], ...jobs });

/** Runs one job, without sources. */
async function runJob(image: string | object | undefined, script: string[], more: object = {}, group?: string) {
  const job = { stage: "first", variables: withoutSources, ...(image && { image }), script, ...more };
  const { jobs, tasks } = await runCi(pipeline({ job }), group);
  return { ...jobs[0]!, lines: scriptLines(jobs[0]!.trace), tasks };
}

/** ARNs of all that hosts have registered for jobs' images. */
async function registered(): Promise<string[]> {
  const client = new ECSClient(awsSettings);
  const all: string[] = [];
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, {})) {
    all.push(...taskDefinitionArns.filter((arn) => arn.includes("-image-")));
  }
  client.destroy();
  return all;
}

describe("a job's own image", () => {
  useSandbox();
  const folder = scratch();

  before("images that the jobs of two runners may name", async () => {
    for (const name of ["busybox", "app", "greeter"] as const) await pushForeignImage(name);
    await pushForeignIndex("busybox", `${foreign}/busybox:s390x`, "s390x");
    const own = { path: "acme/frontend", images: [`${foreign}/app:*`] };
    await pushForeignImage("busybox", `${foreign}/hub/library/busybox:1`);
    const images = {
      allowed: [`${foreign}/{busybox,app,greeter,absent}:*`, "busybox:*", "registry.example.com/**"],
      registries: {
        "docker.io": { pullFrom: `${foreign}/hub` },
        "registry.example.com": { credentials: login },
      },
    };
    await deploy(await withSettings(folder, { images, groups: ["acme/backend", own] }));
  });
  after("as it was", async () => {
    await deploy();
    folder.remove();
  });

  it("needs no bash, and the next job of the image takes what was registered for the first", async () => {
    const script = ['echo "bash: $(command -v bash || echo none)"', "ls -l /bin/ls", 'echo "in $CI_PROJECT_DIR"'];
    const first = await runJob(busybox, script);
    expect(first.status, first.trace).to.equal("success");
    expect(first.lines).to.include("bash: none");
    expect(first.lines.join("\n"))
      .to.match(/\/bin\/ls -> busybox/)
      .and.match(/in \/ci-job\/builds\//);
    const definition = /The job's image is \S+foreign\/busybox:latest, by task definition (\S+-image-[0-9a-f]{20}:1)/;
    const [, name] = definition.exec(first.trace) ?? [];
    expect(name, first.trace).to.be.a("string");
    const before = await registered();

    const second = await runJob(busybox, script);
    expect(second.trace).to.contain(`by task definition ${name}`);
    expect(await registered()).to.deep.equal(before);
  });

  it("has its user, entry point and working directory, and shares sources, artifacts and cache with other images", async () => {
    const cache = { key: "images", paths: ["kept"] };
    const make = [
      'echo "$(id -un) $GREETING $APP_ENV from $OLDPWD"',
      "echo '# changed' >> .gitlab-ci.yml",
      "mkdir -p made kept && echo by-app | tee made/file kept/file",
    ];
    const read = ['echo "$(id -un) reads $(cat made/file) $(cat kept/file)"', "tail -n 1 .gitlab-ci.yml"];
    const { jobs } = await runCi(
      pipeline({
        make: { stage: "first", image: app, script: make, cache, artifacts: { paths: ["made"] } },
        read: { stage: "second", image: busybox, script: read, cache },
      }),
    );
    const [made, found] = jobs.map(({ status, trace }) => ({ status, trace, lines: scriptLines(trace) }));
    expect(made!.status, made!.trace).to.equal("success");
    expect(made!.lines).to.include("app hello from the entry point production from /srv/app");
    expect(found!.status, found!.trace).to.equal("success");
    expect(found!.lines).to.include("root reads by-app by-app").and.not.include("# changed");
    expect(found!.trace).to.contain("Successfully extracted cache");
  });

  it("may be a variable's value, and is none of a job that names no image", async () => {
    const which = { variables: { ...withoutSources, WHICH: "busybox" } };
    const named = await runJob(`${foreign}/$WHICH:latest`, ["readlink /bin/ls"], which);
    expect(named.status, named.trace).to.equal("success");
    expect(named.lines).to.include("busybox");
    const plain = await runJob(undefined, ['echo "in $CI_PROJECT_DIR with $(command -v sshd)"']);
    expect(plain.status, plain.trace).to.equal("success");
    expect(plain.lines.join("\n")).to.match(/in \/(?!ci-job)\S+ with \/usr\/sbin\/sshd/);
    expect(plain.trace).to.not.contain("-image-");
  });

  it("is pulled from where the stack says for its registry, under the name that the job wrote", async () => {
    const job = await runJob("busybox:1", ["ls -l /bin/ls"]);
    expect(job.status, job.trace).to.equal("success");
    expect(job.trace).to.match(/The job's image is busybox:1, by task definition /);
    expect(job.lines.join("\n")).to.contain("/bin/ls -> busybox");
  });

  it("is pulled by the secret that the stack has for its registry", async () => {
    const job = await runJob("registry.example.com/app:1", ["true"]);
    expect(job.status).to.equal("failed");
    // The sandbox logs in nowhere: it tells what it was asked to log in by.
    expect(job.trace).to.contain(`by a secret (${login})`);
  });

  it("may be another one in each of many jobs at once", async () => {
    const many = Array.from({ length: 20 }, (_, index) => `many-${index}`);
    for (const tag of many) await pushForeignImage("busybox", `${foreign}/busybox:${tag}`);
    const before = await registered();
    const { jobs, tasks } = await runCi(
      pipeline({
        job: {
          stage: "first",
          parallel: { matrix: [{ TAG: many }] },
          image: `${foreign}/busybox:$TAG`,
          variables: withoutSources,
          script: ['echo "as $TAG in $(readlink /bin/ls)"'],
        },
      }),
    );
    const found = jobs.map(({ trace }) => [
      /The job's image is \S+foreign\/busybox:(\S+), by task definition/.exec(trace)?.[1],
      ...scriptLines(trace).filter((line) => line.startsWith("as ")),
    ]);
    expect(found).to.have.deep.members(many.map((tag) => [tag, `as ${tag} in busybox`]));
    expect(tasks).to.deep.equal({ started: 20, stopped: 20, running: 0 });
    expect((await registered()).length - before.length).to.equal(20);
  });

  const failing: [what: string, image: string | object, told: RegExp, tasks: number][] = [
    [
      "without a shell",
      { name: greeter, entrypoint: [""] },
      /foreign\/greeter\S* does not run: .*\n.*no shell \(sh\)/,
      1,
    ],
    [
      "whose repository does not exist",
      `${foreign}/absent:1`,
      /foreign\/absent:1 is not there: \S+ answers "name unknown: The repository with name 'foreign\/absent' does not exist/,
      0,
    ],
    [
      "whose tag does not exist",
      `${foreign}/busybox:nope`,
      /foreign\/busybox:nope is not there: \S+ answers "manifest unknown: Requested image not found"/,
      0,
    ],
    [
      "that is for another platform",
      `${foreign}/busybox:s390x`,
      /foreign\/busybox:s390x is not for linux\/(amd64|arm64), which the task is: it is for linux\/s390x/,
      0,
    ],
    ["that is not allowed", "node:24", /node:24 is not among those that this runner allows/, 0],
  ];
  for (const [what, image, told, started] of failing) {
    it(`fails the job clearly where it is one ${what}`, async () => {
      const { status, failure_reason, trace, tasks } = await runJob(image, ["echo never"]);
      expect({ status, failure_reason }, trace).to.deep.equal({ status: "failed", failure_reason: "script_failure" });
      expect(trace).to.match(told);
      expect(tasks.started).to.equal(started);
    });
  }

  it("is read from ECR by the host's role before its task", async () => {
    await pushForeignImage("app", `${foreign}/app:read`);
    await withFargateToml(
      (text) => text.replace('LogLevel = "info"', 'LogLevel = "debug"'),
      async () => {
        const { status, trace } = await runJob(`${foreign}/app:read`, ["true"]);
        expect(status, trace).to.equal("success");
        expect(trace)
          .to.match(/read an image from its registry.* image=\S+app:read outcome=there reason="" config=true/)
          .and.match(/action=ecr:GetAuthorizationToken attempt=1 .*outcome=ok/);
      },
    );
  });

  it("is one of the entry's own list, where it has one", async () => {
    const refused = await runJob(busybox, ["echo never"], {}, "acme/frontend");
    expect(refused.status).to.equal("failed");
    expect(refused.trace).to.match(/busybox:latest is not among those that this runner allows .*foreign\/app:\*/);
    const taken = await runJob(app, ["id -un"], {}, "acme/frontend");
    expect(taken.status, taken.trace).to.equal("success");
    expect(taken.lines).to.include("app");
  });

  it("loses no line of a script whose connection is cut, and runs it once", async () => {
    const script = [
      'echo started >> "$CI_BUILDS_DIR/starts"',
      'for i in $(seq 100); do echo "count-$i"; sleep 0.1; done',
      'echo "starts=$(wc -l < "$CI_BUILDS_DIR/starts")"',
    ];
    const job = { stage: "first", image: busybox, variables: withoutSources, script };
    const { jobs } = await runWith(pipeline({ job }), {
      "count-20": async () => putFault({ fault: "reset-connections", task: await runningTask() }),
      "count-60": async () => putFault({ fault: "kill-sessions", task: await runningTask() }),
    });
    expect(jobs[0]!.status, jobs[0]!.trace).to.equal("success");
    const lines = scriptLines(jobs[0]!.trace);
    const counted = lines.filter((line) => line.startsWith("count-"));
    expect(counted).to.deep.equal(Array.from({ length: 100 }, (_, index) => `count-${index + 1}`));
    expect(lines).to.include("starts=1");
  });

  it("ends with the job that is cancelled, whose after_script runs in it too", async () => {
    const script = ['echo script-""runs; while sleep 1; do echo tick; done'];
    const job = {
      ...{ stage: "first", image: busybox, variables: withoutSources, script },
      after_script: ['echo "after in $(readlink /bin/ls)"'],
    };
    const { jobs, tasks } = await runWith(pipeline({ job }), { "script-runs": ({ id }) => cancelJob(id) });
    expect(jobs[0]!.status, jobs[0]!.trace).to.equal("canceled");
    expect(scriptLines(jobs[0]!.trace)).to.include("after in busybox");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });
});
