/** A database beside the job, by task definition (docs/recipes.md). */
import { expect } from "chai";
import { pushForeignImage } from "../support/images";
import { runCi, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { registerRevision } from "../support/task-definitions";

/** Asks the database in its own protocol for a product, as the job's image has no client. */
const askDatabase = [
  "exec 3<>/dev/tcp/127.0.0.1/5432",
  String.raw`printf '\0\0\0\x20\0\x03\0\0user\0app\0database\0shop\0\0' >&3`,
  String.raw`printf 'Q\0\0\0\x13SELECT 123*457\0X\0\0\0\x04' >&3`,
  "cat <&3 | tr -cd '0-9a-zA-Z '; echo",
];

const job = (taskDefinition: string, script: string[]) =>
  JSON.stringify({
    job: { variables: { FARGATE_TASK_DEFINITION: taskDefinition, GIT_STRATEGY: "none" }, script },
  });

/** The stack's container, which starts when the database is healthy. */
async function withDatabase(command?: string[]): Promise<string> {
  const mountPoints = [{ sourceVolume: "shared", containerPath: "/shared" }];
  const { taskDefinition } = await registerRevision({ volumes: [{ name: "shared" }] }, async (own) => [
    { ...own, mountPoints, stopTimeout: 5, dependsOn: [{ containerName: "postgres", condition: "HEALTHY" }] },
    {
      name: "postgres",
      image: await pushForeignImage("postgres", postgresIn(own.image!)),
      ...{ command, mountPoints },
      environment: Object.entries({
        ...{ POSTGRES_USER: "app", POSTGRES_DB: "shop", POSTGRES_HOST_AUTH_METHOD: "trust" },
      }).map(([name, value]) => ({ name, value })),
      healthCheck: {
        command: ["CMD-SHELL", "pg_isready --host=127.0.0.1 --username=app --dbname=shop"],
        interval: 5,
        retries: 10,
      },
    },
  ]);
  return taskDefinition;
}

/** In the repository of the stack's image, which is what its execution role may pull from. */
const postgresIn = (image: string) => `${image.replace(/[:@].*$/, "")}:postgres`;

describe("a database beside the job", () => {
  useSandbox();

  it("is up before the script's first line, at localhost", async () => {
    const { jobs } = await runCi(job(await withDatabase(), askDatabase));
    expect(jobs[0]!.status, jobs[0]!.trace).to.equal("success");
    const output = scriptLines(jobs[0]!.trace).join("\n");
    expect(output, output).to.contain("56211");
  });

  it("is told in the job's log where it ends before the job", async () => {
    const crash = "docker-entrypoint.sh postgres & until test -e /shared/crash; do sleep 0.2; done; exit 3";
    const { jobs } = await runCi(job(await withDatabase(["sh", "-c", crash]), ["touch /shared/crash", "sleep 600"]));
    const [{ status, trace }] = jobs as [(typeof jobs)[0]];
    expect(status).to.equal("failed");
    expect(trace, trace).to.match(/postgres\b.*exit code 3/);
  });
});
