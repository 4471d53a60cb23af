/** AWS alone in a process of its own, which the tests of its real parts start and kill. Argument: JSON of the artifacts. */
import { mkdirSync } from "node:fs";
import { startAws, type Aws, type AwsOptions, type TaskFault } from "../../../sandbox/aws";
import { stateDir } from "../../../sandbox/config";
import { createWorld, enterCgroup } from "../../../sandbox/world";

/** What the tests may ask for; the answer is undefined or what is asked. */
export type Question =
  | { ask: "tasks" | "hosts" | "close" }
  | { ask: "interruptSpot"; taskArn: string }
  | { ask: "toTask"; fault: TaskFault; taskArn: string }
  | { ask: "throttle"; action: string };

async function main(): Promise<void> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  await createWorld();
  await enterCgroup(process.pid);
  const artifacts = JSON.parse(process.argv[2]!) as AwsOptions["artifacts"];
  const aws = await startAws({ artifacts, stateDir, log: console.log });
  process.on("message", ({ id, question }: { id: number; question: Question }) => {
    void answer(aws, question).then(
      (value) => process.send!({ id, value }),
      (error: Error) => process.send!({ id, error: error.message }),
    );
  });
  process.send!({ ready: true });
}

async function answer(aws: Aws, question: Question): Promise<unknown> {
  switch (question.ask) {
    case "tasks":
      return { list: aws.tasks.list(), started: aws.tasks.started() };
    case "hosts":
      return aws.hosts.list();
    case "close":
      return aws.close();
    case "throttle":
      return aws.faults.throttle(question.action, { times: 1 });
    case "interruptSpot":
      return aws.faults.interruptSpot(question.taskArn);
    case "toTask":
      return aws.faults.toTask(question.fault, question.taskArn);
  }
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});
