/** ECS's tag actions on tasks; those on everything else are moto's. */
import { mergeTags } from "./plan-tasks";
import type { Task } from "./task";
import type { Tag } from "./types";

/** Each answers undefined where the resource is no task. */
export const tagHandlers = (tasks: ReadonlyMap<string, Task>) => ({
  ListTagsForResource: async ({ resourceArn }: { resourceArn: string }) => {
    const task = tasks.get(resourceArn);
    return task && { tags: task.tags };
  },

  TagResource: async ({ resourceArn, tags }: { resourceArn: string; tags: Tag[] }) => {
    const task = tasks.get(resourceArn);
    if (!task) return undefined;
    task.tags = mergeTags(task.tags, tags);
    return {};
  },

  UntagResource: async ({ resourceArn, tagKeys }: { resourceArn: string; tagKeys: string[] }) => {
    const task = tasks.get(resourceArn);
    if (!task) return undefined;
    task.tags = task.tags.filter((tag) => !tagKeys.includes(tag.key));
    return {};
  },
});
