/** SNS topics and their subscriptions. moto delivers no mail. */
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-sns";
import type { Resource } from "../framework/definition";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList, tagList, updateTags } from "./common";

const GONE = ["NotFound", "NotFoundException"];

export function snsResources(clientsFor: ClientsFor): Record<string, Resource> {
  return {
    "aws:sns/topic:Topic": topic(clientsFor),
    "aws:sns/topicSubscription:TopicSubscription": subscription(clientsFor),
  };
}

function topic(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 256, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "region"],
      async create(inputs, context) {
        const key = inputs.kmsMasterKeyId as string | undefined;
        const command = new CreateTopicCommand({
          Name: inputs.name as string,
          Tags: tagList(inputs),
          ...(key && { Attributes: { KmsMasterKeyId: key } }),
        });
        const { TopicArn: arn = "" } = await clientsFor(context, inputs).sns.send(command);
        return { id: arn, outputs: { ...inputs, arn } };
      },
      async read(id, state, context) {
        const { sns } = clientsFor(context, state);
        if (!(await unlessGone(sns.send(new GetTopicAttributesCommand({ TopicArn: id })), ...GONE))) return undefined;
        const { Tags } = await sns.send(new ListTagsForResourceCommand({ ResourceArn: id }));
        return { ...state, tags: fromTagList(Tags) };
      },
      async update(id, state, inputs, context) {
        const { sns } = clientsFor(context, inputs);
        if (changed(state, inputs, "kmsMasterKeyId")) {
          const AttributeValue = (inputs.kmsMasterKeyId ?? "") as string;
          await sns.send(
            new SetTopicAttributesCommand({ TopicArn: id, AttributeName: "KmsMasterKeyId", AttributeValue }),
          );
        }
        await updateTags(state, inputs, {
          remove: (TagKeys) => sns.send(new UntagResourceCommand({ ResourceArn: id, TagKeys })),
          set: (tags) => sns.send(new TagResourceCommand({ ResourceArn: id, Tags: tagList({ tags }) })),
        });
        return { ...inputs, arn: state.arn };
      },
      async delete(id, state, context) {
        await unlessGone(clientsFor(context, state).sns.send(new DeleteTopicCommand({ TopicArn: id })), ...GONE);
      },
    },
  );
}

function subscription(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    {},
    {
      replaceOn: ["topic", "protocol", "endpoint", "region"],
      async create(inputs, context) {
        const { SubscriptionArn: arn = "" } = await clientsFor(context, inputs).sns.send(
          new SubscribeCommand({
            TopicArn: inputs.topic as string,
            Protocol: inputs.protocol as string,
            Endpoint: inputs.endpoint as string,
            ReturnSubscriptionArn: true,
          }),
        );
        return { id: arn, outputs: { ...inputs, arn } };
      },
      async delete(id, state, context) {
        const query = new UnsubscribeCommand({ SubscriptionArn: id });
        await unlessGone(clientsFor(context, state).sns.send(query), ...GONE);
      },
    },
  );
}
