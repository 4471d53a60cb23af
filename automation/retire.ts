/**
 * Deregisters the revisions of task definitions that earlier deployments have left to the jobs which had them, and those
 * that the driver has registered for jobs' images. It is done here and not on the hosts: IAM cannot bound
 * ecs:DeregisterTaskDefinition to any task definition, so that a host could deregister those of the whole account.
 */
import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  paginateListTaskDefinitionFamilies,
  paginateListTaskDefinitions,
} from "@aws-sdk/client-ecs";
import { imageInfix, taskFamily } from "../components/names";
import { tell } from "./output";
import type { Deployed } from "./stack";

const day = 24 * 60 * 60 * 1000;

/** Revisions go that are older than this. */
interface Limits {
  /** When another one took their place. A job has its revision before it waits for a task, and waits for an hour at most. */
  superseded: Date;
  /**
   * When they were registered for a job's image. Nothing tells when a job last had it; the next one registers it anew, as
   * does a job that waits meanwhile.
   */
  ofImage: Date;
}

/** As the driver names the families that it registers: driver/internal/task/derive.go. */
const ofImage = new RegExp(`${imageInfix}[0-9a-f]{20}$`);

/**
 * After a deployment. What goes wrong is told, and fails nothing: a revision that stays costs nothing.
 *
 * @param read the stack as it is now
 */
export const retireSuperseded = (read: () => Promise<Deployed>): Promise<void> =>
  tellingTrouble(async () => {
    const deployed = await read();
    const ago = (days: number) => new Date(Date.now() - days * day);
    return withClient(deployed, (ecs) => retire(ecs, deployed, { superseded: ago(1), ofImage: ago(30) }));
  });

/** After the stack was taken down: no job is left. */
export const retireAll = (deployed: Deployed): Promise<void> =>
  tellingTrouble(() => withClient(deployed, (ecs) => retire(ecs, { ...deployed, definitions: [] })));

async function tellingTrouble(work: () => Promise<number>): Promise<void> {
  try {
    const count = await work();
    if (count > 0) tell(`${count} earlier ${count === 1 ? "revision" : "revisions"} of task definitions deregistered`);
  } catch (error) {
    tell(`some earlier revisions of task definitions stay registered (they cost nothing): ${(error as Error).message}`);
  }
}

async function withClient({ region, profile }: Deployed, work: (ecs: ECSClient) => Promise<number>): Promise<number> {
  if (region === undefined) return 0;
  // A stack of many images has thousands of families, and ECS grants some calls a second.
  const ecs = new ECSClient({ region, profile, retryMode: "adaptive", maxAttempts: 10 });
  try {
    return await work(ecs);
  } finally {
    ecs.destroy();
  }
}

/**
 * Deregisters those revisions of the stack's families that are beyond the limits, or all.
 * @returns how many
 */
export async function retire(
  ecs: Pick<ECSClient, "send">,
  { stack, definitions }: Pick<Deployed, "stack" | "definitions">,
  limits?: Limits,
): Promise<number> {
  const client = ecs as ECSClient;
  // The program knows no organization and no project of its stack.
  const familyPrefix = taskFamily(stack.split("/").at(-1)!, "");
  const all: string[] = [];
  for await (const { families = [] } of paginateListTaskDefinitionFamilies(
    { client },
    { familyPrefix, status: "ACTIVE" },
  )) {
    all.push(...families);
  }
  // Behind the prefix stands a size, and none has an underscore: what has one is of a stack such as "dev_2".
  const isOwn = (family: string) => family.startsWith(familyPrefix) && !family.slice(familyPrefix.length).includes("_");
  const own = all.filter(isOwn);
  const [ofImages, ofSizes] = [own.filter((one) => ofImage.test(one)), own.filter((one) => !ofImage.test(one))];
  let count = 0;
  let trouble: unknown;
  for (const family of [...ofSizes, ...(limits === undefined ? ofImages : turnOf(ofImages, limits.ofImage))]) {
    try {
      for (const arn of await retired(client, family, limits)) {
        // Whatever else was registered in the family since, the stack's own stays.
        if (definitions.includes(arn)) continue;
        await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
        count++;
      }
    } catch (error) {
      trouble ??= error;
    }
  }
  if (trouble !== undefined) throw trouble;
  return count;
}

/** How many families of images a deployment looks at: where jobs name images by commit, there are thousands. */
const most = 200;

/** Those whose turn it is: the limit moves on by days, and with each of them to others, so that none is passed over for ever. */
function turnOf(families: readonly string[], limit: Date): string[] {
  if (families.length <= most) return [...families];
  const first = (Math.floor(limit.getTime() / day) * most) % families.length;
  return [...families, ...families].slice(first, first + most);
}

async function retired(client: ECSClient, family: string, limits?: Limits): Promise<string[]> {
  if (limits !== undefined && ofImage.test(family)) {
    // By its name it is the newest; most have no other.
    const { taskDefinition: newest } = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    if (newest?.revision === 1 && newest.registeredAt && newest.registeredAt >= limits.ofImage) return [];
  }
  const revisions: string[] = [];
  const active = { familyPrefix: family, status: "ACTIVE" } as const;
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, active)) {
    // ECS takes the family for a prefix of others here too.
    revisions.push(...taskDefinitionArns.filter((arn) => arn.includes(`:task-definition/${family}:`)));
  }
  // Newest first.
  revisions.sort((a, b) => revisionOf(b) - revisionOf(a));
  if (limits === undefined) return revisions;
  for (const [index, taskDefinition] of revisions.entries()) {
    const { taskDefinition: found } = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    const registered = found?.registeredAt;
    if (registered && ofImage.test(family) && registered < limits.ofImage) return revisions.slice(index);
    if (registered && registered < limits.superseded) return revisions.slice(index + 1);
  }
  return [];
}

const revisionOf = (arn: string): number => Number(arn.slice(arn.lastIndexOf(":") + 1));
