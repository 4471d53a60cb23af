/** Services of jobs (docs/driver.md): by `services:`, with the runner, the driver and images that are nobody's here. */
import { expect } from "chai";
import { DescribeTaskDefinitionCommand, ECSClient, paginateListTaskDefinitions } from "@aws-sdk/client-ecs";
import { accountId, region } from "../../sandbox/config";
import { deploy } from "../support/engine";
import { cancelJob } from "../support/faults";
import { onHost } from "../support/host";
import { pushForeignImage } from "../support/images";
import { runCi, runWith, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { withSettings } from "../support/stack";
import { awsSettings } from "../support/task-definitions";

const foreign = `${accountId}.dkr.ecr.${region}.amazonaws.com/foreign`;
const [busybox, app, postgres, redis] = ["busybox", "app", "postgres", "redis"].map(
  (name) => `${foreign}/${name}:latest`,
);
/** Of the variables of a job and of its services: nobody but they may read it. */
const password = "never-shown-8c1f";

interface JobText {
  image?: string | object;
  services: (string | object)[];
  script: string[];
  variables?: Record<string, string>;
}
const textOf = (job: JobText) =>
  JSON.stringify({ job: { ...job, variables: { GIT_STRATEGY: "none", ...job.variables } } });

/** Runs one job, without sources. */
async function runJob(job: JobText, group?: string) {
  const { jobs, tasks } = await runCi(textOf(job), group);
  return { ...jobs[0]!, lines: scriptLines(jobs[0]!.trace), tasks };
}

const client = new ECSClient(awsSettings);
/** ARNs of all that hosts have registered for jobs. */
async function registered(): Promise<string[]> {
  const all: string[] = [];
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, {})) {
    all.push(...taskDefinitionArns.filter((arn) => arn.includes("-image-")));
  }
  return all;
}

/** Asks a Redis for an answer, as the stack's image has no client. */
const ping = (host: string, port = 6379) =>
  `exec 3<>/dev/tcp/${host}/${port}; printf 'PING\\r\\n' >&3; echo "${host} $(head -n 1 <&3 | tr -d '\\r')"`;
/** Of a service's variables: where it listens. */
const port = (HEALTHCHECK_TCP_PORT: string) => ({ HEALTHCHECK_TCP_PORT });
const inShell = (script: string) => ({ entrypoint: ["sh", "-c"], command: [script] });

describe("a job's services", () => {
  useSandbox();
  const folder = scratch();

  before("services that the jobs of one of two runners may name", async () => {
    for (const name of ["busybox", "app", "postgres", "redis"] as const) await pushForeignImage(name);
    await deploy(
      await withSettings(folder, {
        "images.allowed": [`${foreign}/{busybox,app,postgres}:*`],
        "services.allowed": [`${foreign}/{busybox,postgres,redis,absent}:*`],
        "services.wait": 90,
        groups: ["acme/backend", { path: "acme/frontend", services: [] }],
      }),
    );
  });
  after("as it was", async () => {
    client.destroy();
    await deploy();
    folder.remove();
  });

  it("are a database with the variables that it is given, and a cache, by their aliases", async () => {
    const variables = { POSTGRES_PASSWORD: password, PGPASSWORD: "$POSTGRES_PASSWORD", OWNER: "shopkeeper" };
    const database = {
      name: postgres,
      alias: "db,database",
      variables: { POSTGRES_USER: "$OWNER", POSTGRES_DB: "shop", HEALTHCHECK_TCP_PORT: "5432" },
    };
    const cache = { name: redis, alias: "cache", variables: port("6379") };
    const ask = (host: string) => `psql --host=${host} --username=$OWNER --dbname=shop -tAc 'SELECT 123*457'`;
    const script = [ask("db"), ask("database"), ping("cache")];
    const job = { image: postgres, services: [database, cache], variables, script };
    const first = await runJob(job);
    expect(first.status, first.trace).to.equal("success");
    expect(first.lines.filter((line) => /^(56211|cache)/.test(line))).to.deep.equal(["56211", "56211", "cache +PONG"]);
    expect(first.trace).to.not.contain("WARNING: Service");

    const made = await registered();
    const definitions = await Promise.all(
      made.map((taskDefinition) => client.send(new DescribeTaskDefinitionCommand({ taskDefinition }))),
    );
    expect(JSON.stringify(definitions))
      .to.contain("ci-service-2")
      .and.not.match(/never-shown|shopkeeper|HEALTHCHECK/);

    const second = await runJob({ ...job, variables: { ...variables, POSTGRES_PASSWORD: `${password}-2` } });
    expect(second.status, second.trace).to.equal("success");
    expect(await registered(), "what is registered for another password").to.deep.equal(made);
    for (const text of [first.trace, second.trace, await onHost("journalctl --output cat")]) {
      expect(text).to.not.contain(password);
    }
  });

  it("are two of one image beside a job without one, each at its own port", async () => {
    const second = {
      ...{ name: redis, alias: "second", command: ["redis-server", "--port", "6380", "--protected-mode", "no"] },
      variables: port("6380"),
    };
    const first = { name: redis, alias: "first", variables: port("6379") };
    const script = [ping("first"), ping("second", 6380), 'echo "in $CI_PROJECT_DIR with $(command -v sshd)"'];
    const { status, trace, lines } = await runJob({ services: [first, second], script });
    expect(status, trace).to.equal("success");
    expect(lines).to.include.members(["first +PONG", "second +PONG"]);
    expect(lines.join("\n")).to.match(/in \/(?!ci-job)\S+ with \/usr\/sbin\/sshd/);
  });

  it("are found by their names by an image's own user, as whom the job runs all the same", async () => {
    const service = { name: redis, alias: "cache", variables: port("6379") };
    const script = ["id -un; id -u", "bash -c '" + ping("cache").replaceAll("'", `'\\''`) + "'"];
    const { status, trace, lines } = await runJob({
      image: { name: app, docker: { user: "app" } },
      services: [service],
      script,
    });
    expect(status, trace).to.equal("success");
    expect(lines).to.include.members(["app", "1000", "cache +PONG"]);
  });

  it("are awaited at the ports that their images expose, beside an image whose own user runs all of it", async () => {
    const late = { name: redis, alias: "late", ...inShell("sleep 5; exec redis-server --protected-mode no") };
    const script = ['id -un; echo "$HOME: $GREETING"', "bash -c '" + ping("late").replaceAll("'", `'\\''`) + "'"];
    const { status, trace, lines } = await runJob({ image: app, services: [late], script });
    expect(status, trace).to.equal("success");
    expect(lines).to.include.members(["app", "/home/app: hello from the entry point", "late +PONG"]);
    expect(trace).to.not.contain("WARNING: Service");
  });

  it("are waited for: one that is late is there before the script's first line", async () => {
    const late = {
      ...{ name: redis, alias: "late", ...inShell("sleep 5; exec redis-server --protected-mode no") },
      variables: port("6379"),
    };
    const { status, trace, lines } = await runJob({ services: [late], script: [ping("late")] });
    expect(status, trace).to.equal("success");
    expect(lines).to.include("late +PONG");
    expect(trace).to.contain("Waiting for services").and.not.contain("WARNING: Service");
  });

  it("are told of with the end of their log where they end, and the job goes on", async () => {
    const broken = {
      ...{ name: busybox, alias: "broken", ...inShell("echo 'no key is given' >&2; exit 3") },
      variables: port("7000"),
    };
    const { status, trace, lines } = await runJob({ services: [broken], script: ["echo went on"] });
    expect(status, trace).to.equal("success");
    expect(lines).to.include("went on");
    expect(trace, trace).to.match(/WARNING: Service \S+foreign\/busybox:latest .*exit code 3\)/);
    expect(trace).to.contain("no key is given");
  });

  it("are told of where they run out of memory", async () => {
    // In pieces: where there is no room for one, the program is told so, and ends by itself.
    const command = ['BEGIN { s = "x"; while (n++ < 28) s = s s; while (m++ < 16) all[m] = s m }'];
    const greedy = { name: busybox, alias: "greedy", entrypoint: ["awk"], command, variables: port("7000") };
    const { trace } = await runJob({ services: [greedy], script: ["echo went on"] });
    expect(trace, trace).to.match(/busybox:latest .*ran out of memory/);
  });

  it("show their log where the job wants to see it", async () => {
    const service = { name: redis, alias: "cache", variables: port("6379") };
    const job = { services: [service], script: [ping("cache")] };
    const shown = await runJob({ ...job, variables: { CI_DEBUG_SERVICES: "true" } });
    expect(shown.status, shown.trace).to.equal("success");
    expect(shown.trace).to.contain("Ready to accept connections");
    expect((await runJob(job)).trace).to.not.contain("Ready to accept connections");
  });

  const long = { LONG: "x".repeat(8000) };
  const failing: [what: string, job: Omit<JobText, "script">, told: RegExp, tasks: number][] = [
    ["that is not allowed", { services: ["mysql:9"] }, /mysql:9 is not among those .*(\n.*)*services\.allowed/, 0],
    [
      "that does not exist",
      { services: [`${foreign}/absent:1`] },
      /foreign\/absent:1.*cannot be pulled|absent:1 is not/,
      1,
    ],
    ["with more variables than ECS takes", { services: [redis!], variables: long }, /services: .*too long.* 8192 /, 0],
    [
      "that is one too many",
      { services: Array.from({ length: 10 }, (_, n) => ({ name: redis, alias: `s${n}` })) },
      /10 containers/,
      0,
    ],
  ];
  for (const [what, job, told, started] of failing) {
    it(`fails the job clearly where it has one ${what}`, async () => {
      const { status, failure_reason, trace, tasks } = await runJob({ ...job, script: ["echo never"] });
      expect({ status, failure_reason }, trace).to.deep.equal({ status: "failed", failure_reason: "script_failure" });
      expect(trace, trace).to.match(told);
      expect(tasks.started).to.be.at.most(started);
    });
  }

  it("count for nothing where an entry allows none", async () => {
    const job = { services: [{ name: redis, alias: "cache" }], script: ["cat /etc/hosts"] };
    const { status, trace, lines } = await runJob(job, "acme/frontend");
    expect(status, trace).to.equal("success");
    expect(lines.join("\n")).to.contain("localhost").and.not.contain("cache");
    expect(trace).to.not.contain("-image-");
  });

  it("end with the job that is cancelled", async () => {
    const service = { name: redis, alias: "cache", variables: port("6379") };
    const script = ['echo script-""runs; while sleep 1; do echo tick; done'];
    const text = textOf({ services: [service], script });
    const { jobs, tasks } = await runWith(text, { "script-runs": ({ id }) => cancelJob(id) });
    expect(jobs[0]!.status, jobs[0]!.trace).to.equal("canceled");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });
});
