/**
 * Deregisters the revisions of task definitions that earlier deployments have left to the jobs which had them. It is
 * done here and not on the hosts: IAM cannot bound ecs:DeregisterTaskDefinition to any task definition, so that a host
 * could deregister those of the whole account.
 */
import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  paginateListTaskDefinitionFamilies,
  paginateListTaskDefinitions,
} from "@aws-sdk/client-ecs";
import { taskFamily } from "../components/names";
import { tell } from "./output";
import type { Deployed } from "./stack";

/** A job has its revision before it waits for a task, and waits for an hour at most. */
const patience = 24 * 60 * 60 * 1000;

/**
 * After a deployment. What goes wrong is told, and fails nothing: a revision that stays costs nothing.
 *
 * @param read the stack as it is now
 */
export const retireSuperseded = (read: () => Promise<Deployed>): Promise<void> =>
  tellingTrouble(async () => {
    const deployed = await read();
    return withClient(deployed, (ecs) => retire(ecs, deployed, new Date(Date.now() - patience)));
  });

/** After the stack was taken down: no job is left. */
export const retireAll = (deployed: Deployed): Promise<void> =>
  tellingTrouble(() => withClient(deployed, (ecs) => retire(ecs, { ...deployed, definitions: [] })));

async function tellingTrouble(work: () => Promise<number>): Promise<void> {
  try {
    const count = await work();
    if (count > 0) tell(`${count} earlier ${count === 1 ? "revision" : "revisions"} of task definitions deregistered`);
  } catch (error) {
    tell(`earlier revisions of task definitions stay registered (they cost nothing): ${(error as Error).message}`);
  }
}

async function withClient({ region, profile }: Deployed, work: (ecs: ECSClient) => Promise<number>): Promise<number> {
  if (region === undefined) return 0;
  const ecs = new ECSClient({ region, profile });
  try {
    return await work(ecs);
  } finally {
    ecs.destroy();
  }
}

/**
 * Deregisters each revision of the stack's families whose successor was registered before a time, or all.
 * @returns how many
 */
export async function retire(
  ecs: Pick<ECSClient, "send">,
  { stack, definitions }: Pick<Deployed, "stack" | "definitions">,
  before?: Date,
): Promise<number> {
  const client = ecs as ECSClient;
  let count = 0;
  // The program knows no organization and no project of its stack.
  const familyPrefix = taskFamily(stack.split("/").at(-1)!, "");
  const families = paginateListTaskDefinitionFamilies({ client }, { familyPrefix, status: "ACTIVE" });
  // Behind the prefix stands a size, and none has an underscore: what has one is of a stack such as "dev_2".
  const isOwn = (family: string) => family.startsWith(familyPrefix) && !family.slice(familyPrefix.length).includes("_");
  for await (const { families: page = [] } of families) {
    for (const family of page.filter(isOwn)) {
      for (const arn of await superseded(client, family, before)) {
        // Whatever else was registered in the family since, the stack's own stays.
        if (definitions.includes(arn)) continue;
        await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
        count++;
      }
    }
  }
  return count;
}

async function superseded(client: ECSClient, family: string, before?: Date): Promise<string[]> {
  const revisions: string[] = [];
  const active = { familyPrefix: family, status: "ACTIVE" } as const;
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, active)) {
    // ECS takes the family for a prefix of others here too.
    revisions.push(...taskDefinitionArns.filter((arn) => arn.includes(`:task-definition/${family}:`)));
  }
  // Newest first.
  revisions.sort((a, b) => revisionOf(b) - revisionOf(a));
  if (before === undefined) return revisions;
  for (const [index, taskDefinition] of revisions.entries()) {
    const { taskDefinition: found } = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    if (found?.registeredAt && found.registeredAt < before) return revisions.slice(index + 1);
  }
  return [];
}

const revisionOf = (arn: string): number => Number(arn.slice(arn.lastIndexOf(":") + 1));
