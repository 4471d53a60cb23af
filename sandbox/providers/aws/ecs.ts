/** ECS clusters and task definitions. */
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DeregisterTaskDefinitionCommand,
  DescribeClustersCommand,
  DescribeTaskDefinitionCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterCommand,
  type CapacityProviderStrategyItem,
  type ClusterConfiguration,
  type ClusterSetting,
  type ContainerDefinition,
  type ECSClient,
  type RegisterTaskDefinitionCommandInput,
  type RuntimePlatform,
  type Volume,
} from "@aws-sdk/client-ecs";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList, lowerTagList, updateTags, type Tags } from "./common";

export function ecsResources(clientsFor: ClientsFor): Record<string, Resource> {
  return {
    "aws:ecs/cluster:Cluster": cluster(clientsFor),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": capacityProviders(clientsFor),
    "aws:ecs/taskDefinition:TaskDefinition": taskDefinition(clientsFor),
  };
}

function cluster(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 255 },
      replaceOn: ["name", "region"],
      async create(inputs, context) {
        const { cluster } = await clientsFor(context, inputs).ecs.send(
          new CreateClusterCommand({
            clusterName: inputs.name as string,
            settings: inputs.settings as ClusterSetting[] | undefined,
            configuration: inputs.configuration as ClusterConfiguration | undefined,
            tags: lowerTagList(inputs),
          }),
        );
        const arn = cluster?.clusterArn ?? "";
        return { id: arn, outputs: { ...inputs, arn } };
      },
      async read(id, state, context) {
        const { ecs } = clientsFor(context, state);
        const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: [id], include: ["TAGS"] }));
        const found = clusters?.[0];
        if (!found || found.status === "INACTIVE") return undefined;
        return { ...state, name: found.clusterName ?? "", arn: id, tags: fromTagList(found.tags) };
      },
      async update(id, state, inputs, context) {
        const { ecs } = clientsFor(context, inputs);
        if (changed(state, inputs, "settings") || changed(state, inputs, "configuration")) {
          await ecs.send(
            new UpdateClusterCommand({
              cluster: id,
              settings: inputs.settings as ClusterSetting[] | undefined,
              configuration: inputs.configuration as ClusterConfiguration | undefined,
            }),
          );
        }
        await tagArn(ecs, id, state, inputs);
        return { ...inputs, arn: id };
      },
      async delete(id, state, context) {
        const { ecs } = clientsFor(context, state);
        await unlessGone(ecs.send(new DeleteClusterCommand({ cluster: id })), "ClusterNotFoundException");
      },
    },
  );
}

function capacityProviders(clientsFor: ClientsFor): Resource {
  const put = async (ecs: ECSClient, cluster: string, inputs: Props) => {
    const strategy = inputs.defaultCapacityProviderStrategies as unknown as CapacityProviderStrategyItem[] | undefined;
    await ecs.send(
      new PutClusterCapacityProvidersCommand({
        cluster,
        capacityProviders: (inputs.capacityProviders ?? []) as string[],
        defaultCapacityProviderStrategy: strategy ?? [],
      }),
    );
  };
  return awsResource(
    clientsFor,
    {},
    {
      replaceOn: ["clusterName", "region"],
      async create(inputs, context) {
        const name = inputs.clusterName as string;
        await put(clientsFor(context, inputs).ecs, name, inputs);
        return { id: name, outputs: inputs };
      },
      async read(id, state, context) {
        const { ecs } = clientsFor(context, state);
        const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: [id] }));
        return clusters?.[0] && clusters[0].status !== "INACTIVE" ? state : undefined;
      },
      async update(id, _state, inputs, context) {
        await put(clientsFor(context, inputs).ecs, id, inputs);
        return inputs;
      },
      async delete(id, state, context) {
        await unlessGone(put(clientsFor(context, state).ecs, id, {}), "ClusterNotFoundException");
      },
    },
  );
}

/** These can be changed on a registered revision; everything else makes a new one. */
const changeable = ["tags", "skipDestroy", "trackLatest"];

function taskDefinition(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true, json: ["containerDefinitions"] },
    {
      replaceOn: ([name]) => !changeable.includes(String(name)),
      check(inputs) {
        const missing = ["family", "containerDefinitions"].filter((name) => inputs[name] === undefined);
        return { inputs, failures: missing.map((property) => ({ property, reason: "Missing required property" })) };
      },
      async create(inputs, context) {
        const { ecs } = clientsFor(context, inputs);
        const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(registration(inputs)));
        const arn = taskDefinition?.taskDefinitionArn ?? "";
        const revision = taskDefinition?.revision ?? 0;
        const outputs = { ...inputs, arn, arnWithoutRevision: arn.replace(/:\d+$/, ""), revision };
        return { id: inputs.family as string, outputs };
      },
      async read(_id, state, context) {
        const query = new DescribeTaskDefinitionCommand({
          taskDefinition: state.arn as string,
          include: ["TAGS"],
        });
        const found = await unlessGone(clientsFor(context, state).ecs.send(query), "ClientException");
        if (found?.taskDefinition?.status !== "ACTIVE") return undefined;
        return { ...state, tags: fromTagList(found.tags) };
      },
      async update(_id, state, inputs, context) {
        await tagArn(clientsFor(context, inputs).ecs, state.arn as string, state, inputs);
        const { arn, arnWithoutRevision, revision } = state;
        return { ...inputs, arn, arnWithoutRevision, revision };
      },
      async delete(_id, state, context) {
        if (state.skipDestroy === true) return;
        const query = new DeregisterTaskDefinitionCommand({ taskDefinition: state.arn as string });
        await unlessGone(clientsFor(context, state).ecs.send(query), "ClientException");
      },
    },
  );
}

function registration(inputs: Props): RegisterTaskDefinitionCommandInput {
  const volumes = inputs.volumes as { name: string; hostPath?: string }[] | undefined;
  const storage = inputs.ephemeralStorage as { sizeInGib: number } | undefined;
  return {
    family: inputs.family as string,
    containerDefinitions: JSON.parse(inputs.containerDefinitions as string) as ContainerDefinition[],
    cpu: inputs.cpu as string | undefined,
    memory: inputs.memory as string | undefined,
    networkMode: inputs.networkMode as RegisterTaskDefinitionCommandInput["networkMode"],
    requiresCompatibilities:
      inputs.requiresCompatibilities as RegisterTaskDefinitionCommandInput["requiresCompatibilities"],
    executionRoleArn: inputs.executionRoleArn as string | undefined,
    taskRoleArn: inputs.taskRoleArn as string | undefined,
    runtimePlatform: inputs.runtimePlatform as RuntimePlatform | undefined,
    ephemeralStorage: storage && { sizeInGiB: storage.sizeInGib },
    volumes: volumes?.map(({ name, hostPath }): Volume => ({
      name,
      ...(hostPath && { host: { sourcePath: hostPath } }),
    })),
    tags: lowerTagList(inputs),
  };
}

async function tagArn(ecs: ECSClient, resourceArn: string, state: Props, inputs: Props): Promise<void> {
  await updateTags(state, inputs, {
    remove: (tagKeys) => ecs.send(new UntagResourceCommand({ resourceArn, tagKeys })),
    set: (tags: Tags) => ecs.send(new TagResourceCommand({ resourceArn, tags: lowerTagList({ tags }) })),
  });
}
