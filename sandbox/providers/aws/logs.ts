/** CloudWatch log groups. */
import {
  AssociateKmsKeyCommand,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DisassociateKmsKeyCommand,
  ListTagsForResourceCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type Clients, type ClientsFor } from "./clients";
import { awsResource, changed, tagsOf, updateTags } from "./common";

const GONE = "ResourceNotFoundException";

export function logResources(clientsFor: ClientsFor): Record<string, Resource> {
  return { "aws:cloudwatch/logGroup:LogGroup": logGroup(clientsFor) };
}

function logGroup(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 512, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "region", "logGroupClass"],
      async create(inputs, context) {
        const clients = clientsFor(context, inputs);
        const name = inputs.name as string;
        await clients.logs.send(
          new CreateLogGroupCommand({
            logGroupName: name,
            kmsKeyId: inputs.kmsKeyId as string | undefined,
            tags: tagsOf(inputs),
          }),
        );
        await setRetention(clients, name, inputs.retentionInDays);
        return { id: name, outputs: { ...inputs, arn: (await find(clients, name))?.arn ?? "" } };
      },
      async read(id, state, context) {
        const clients = clientsFor(context, state);
        const found = await find(clients, id);
        if (!found) return undefined;
        const query = new ListTagsForResourceCommand({ resourceArn: found.arn });
        const { tags = {} } = (await unlessGone(clients.logs.send(query), GONE)) ?? {};
        return { ...state, ...found, tags };
      },
      async update(id, state, inputs, context) {
        const clients = clientsFor(context, inputs);
        const resourceArn = state.arn as string;
        if (changed(state, inputs, "kmsKeyId")) await setKey(clients, id, inputs.kmsKeyId);
        if (changed(state, inputs, "retentionInDays")) await setRetention(clients, id, inputs.retentionInDays);
        await updateTags(state, inputs, {
          remove: (tagKeys) => clients.logs.send(new UntagResourceCommand({ resourceArn, tagKeys })),
          set: (tags) => clients.logs.send(new TagResourceCommand({ resourceArn, tags })),
        });
        return { ...inputs, arn: state.arn };
      },
      async delete(id, state, context) {
        if (state.skipDestroy === true) return;
        const { logs } = clientsFor(context, state);
        await unlessGone(logs.send(new DeleteLogGroupCommand({ logGroupName: id })), GONE);
      },
    },
  );
}

/** 0 or nothing: kept for ever. */
async function setRetention({ logs }: Clients, logGroupName: string, days: Props[string] | undefined) {
  if (typeof days === "number" && days > 0) {
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: days }));
  } else {
    await unlessGone(logs.send(new DeleteRetentionPolicyCommand({ logGroupName })), GONE);
  }
}

async function setKey({ logs }: Clients, logGroupName: string, kmsKeyId: Props[string] | undefined) {
  await (typeof kmsKeyId === "string"
    ? logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }))
    : logs.send(new DisassociateKmsKeyCommand({ logGroupName })));
}

async function find({ logs }: Clients, name: string) {
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
  const group = logGroups?.find(({ logGroupName }) => logGroupName === name);
  // The service ends the ARN in ":*"; policies are written without it.
  return group && { name, arn: (group.arn ?? "").replace(/:\*$/, ""), retentionInDays: group.retentionInDays ?? 0 };
}
