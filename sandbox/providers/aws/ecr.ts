/** ECR repositories and their lifecycle policies. */
import {
  CreateRepositoryCommand,
  DeleteLifecyclePolicyCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  GetLifecyclePolicyCommand,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type EncryptionConfiguration,
  type ImageTagMutability,
  type Repository,
} from "@aws-sdk/client-ecr";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList, tagList, updateTags } from "./common";

export function ecrResources(clientsFor: ClientsFor): Record<string, Resource> {
  return {
    "aws:ecr/repository:Repository": repository(clientsFor),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecyclePolicy(clientsFor),
  };
}

const GONE = "RepositoryNotFoundException";

function repository(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 256, lowercase: true },
      replaceOn: ["name", "encryptionConfigurations", "region"],
      async create(inputs, context) {
        const scanning = inputs.imageScanningConfiguration as { scanOnPush?: boolean } | undefined;
        const { repository } = await clientsFor(context, inputs).ecr.send(
          new CreateRepositoryCommand({
            repositoryName: inputs.name as string,
            imageTagMutability: inputs.imageTagMutability as ImageTagMutability | undefined,
            imageScanningConfiguration: scanning && { scanOnPush: scanning.scanOnPush },
            encryptionConfiguration: encryption(inputs),
            tags: tagList(inputs),
          }),
        );
        return { id: inputs.name as string, outputs: { ...inputs, ...describe(repository) } };
      },
      async read(id, state, context) {
        const { ecr } = clientsFor(context, state);
        const query = new DescribeRepositoriesCommand({ repositoryNames: [id] });
        const found = (await unlessGone(ecr.send(query), GONE))?.repositories?.[0];
        if (!found) return undefined;
        const { tags } = await ecr.send(new ListTagsForResourceCommand({ resourceArn: found.repositoryArn }));
        return { ...state, ...describe(found), tags: fromTagList(tags) };
      },
      async update(id, state, inputs, context) {
        const { ecr } = clientsFor(context, inputs);
        if (changed(state, inputs, "imageTagMutability")) {
          const imageTagMutability = (inputs.imageTagMutability ?? "MUTABLE") as ImageTagMutability;
          await ecr.send(new PutImageTagMutabilityCommand({ repositoryName: id, imageTagMutability }));
        }
        if (changed(state, inputs, "imageScanningConfiguration")) {
          const { scanOnPush = false } = (inputs.imageScanningConfiguration ?? {}) as { scanOnPush?: boolean };
          const imageScanningConfiguration = { scanOnPush };
          await ecr.send(new PutImageScanningConfigurationCommand({ repositoryName: id, imageScanningConfiguration }));
        }
        const resourceArn = state.arn as string;
        await updateTags(state, inputs, {
          remove: (tagKeys) => ecr.send(new UntagResourceCommand({ resourceArn, tagKeys })),
          set: (tags) => ecr.send(new TagResourceCommand({ resourceArn, tags: tagList({ tags }) })),
        });
        const { arn, registryId, repositoryUrl } = state;
        return { ...inputs, arn, registryId, repositoryUrl };
      },
      async delete(id, state, context) {
        const force = state.forceDelete === true;
        const query = new DeleteRepositoryCommand({ repositoryName: id, force });
        await unlessGone(clientsFor(context, state).ecr.send(query), GONE);
      },
    },
  );
}

/** A repository has one at most, in a list. */
function encryption({ encryptionConfigurations }: Props): EncryptionConfiguration | undefined {
  const [given] = (encryptionConfigurations ?? []) as Partial<EncryptionConfiguration>[];
  return given && { encryptionType: given.encryptionType ?? "AES256", kmsKey: given.kmsKey };
}

function describe(repository: Repository | undefined): Props {
  return {
    arn: repository?.repositoryArn ?? "",
    registryId: repository?.registryId ?? "",
    repositoryUrl: repository?.repositoryUri ?? "",
  };
}

function lifecyclePolicy(clientsFor: ClientsFor): Resource {
  const put = (inputs: Props, context: Parameters<ClientsFor>[0]) =>
    clientsFor(context, inputs).ecr.send(
      new PutLifecyclePolicyCommand({
        repositoryName: inputs.repository as string,
        lifecyclePolicyText: inputs.policy as string,
      }),
    );
  return awsResource(
    clientsFor,
    { json: ["policy"] },
    {
      replaceOn: ["repository", "region"],
      async create(inputs, context) {
        const { registryId = "" } = await put(inputs, context);
        return { id: inputs.repository as string, outputs: { ...inputs, registryId } };
      },
      async read(id, state, context) {
        const query = new GetLifecyclePolicyCommand({ repositoryName: id });
        const found = await unlessGone(
          clientsFor(context, state).ecr.send(query),
          GONE,
          "LifecyclePolicyNotFoundException",
        );
        return found && state;
      },
      async update(_id, state, inputs, context) {
        await put(inputs, context);
        return { ...inputs, registryId: state.registryId };
      },
      async delete(id, state, context) {
        const query = new DeleteLifecyclePolicyCommand({ repositoryName: id });
        await unlessGone(clientsFor(context, state).ecr.send(query), GONE, "LifecyclePolicyNotFoundException");
      },
    },
  );
}
