/** Tags of whatever EC2 names by an id. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  type EC2Client,
  type ResourceType,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import type { Props } from "../framework/values";
import { tagList, updateTags } from "./common";

/** For the call that creates the thing; EC2 refuses an empty list. */
export function tagSpecification(type: ResourceType, inputs: Props): TagSpecification[] | undefined {
  const Tags = tagList(inputs);
  return Tags.length > 0 ? [{ ResourceType: type, Tags }] : undefined;
}

export async function tagEc2(ec2: EC2Client, id: string, state: Props, inputs: Props): Promise<void> {
  const Resources = [id];
  await updateTags(state, inputs, {
    remove: (names) => ec2.send(new DeleteTagsCommand({ Resources, Tags: names.map((Key) => ({ Key })) })),
    set: (tags) => ec2.send(new CreateTagsCommand({ Resources, Tags: tagList({ tags }) })),
  });
}
