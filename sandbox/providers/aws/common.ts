/** Rules that hold for AWS resources of every service. */
import { isDeepStrictEqual } from "node:util";
import type { Checked, Context, Resource } from "../framework/definition";
import { hasUnknown, isObject, type Props, type Value } from "../framework/values";
import type { ClientsFor } from "./clients";

export type Tags = Record<string, string>;

interface Traits {
  /** Takes tags: the provider's default tags are put under the resource's own. */
  tagged?: boolean;
  /** Belongs to the account, not to a region. */
  global?: boolean;
  /** Properties that hold JSON: objects are accepted, and other spellings of the same are no change. */
  json?: readonly string[];
}

/** Adds region, tags and JSON rules to a resource. */
export function awsResource(clientsFor: ClientsFor, traits: Traits, resource: Resource): Resource {
  const complete = (outputs: Props, context: Context): Props => ({
    ...outputs,
    ...(traits.global ? {} : { region: clientsFor(context, outputs).region }),
    ...(traits.tagged ? { tagsAll: outputs.tags ?? {} } : {}),
  });
  const { update, read } = resource;
  return {
    ...resource,
    async check(inputs, context, olds) {
      const prepared = { ...inputs, ...(traits.tagged ? mergedTags(inputs, context) : {}) };
      for (const name of traits.json ?? []) prepared[name] = stableJson(inputs[name], olds?.[name]);
      const checked: Checked = (await resource.check?.(prepared, context, olds)) ?? { inputs: prepared };
      const known = Object.entries(checked.inputs).filter(([, value]) => value !== undefined);
      return { ...checked, inputs: Object.fromEntries(known) };
    },
    async create(inputs, context) {
      const { id, outputs } = await resource.create(inputs, context);
      return { id, outputs: complete(outputs, context) };
    },
    read:
      read &&
      (async (id, state, context, inputs) => {
        const found = await read(id, state, context, inputs);
        return found && complete(found, context);
      }),
    update:
      update && (async (id, state, inputs, context) => complete(await update(id, state, inputs, context), context)),
  };
}

function mergedTags(inputs: Props, context: Context): Props {
  const defaults = (context.config.defaultTags as { tags?: Tags } | undefined)?.tags;
  if (!defaults || (inputs.tags !== undefined && !isObject(inputs.tags))) return {};
  return { tags: { ...defaults, ...inputs.tags } };
}

function stableJson(value: Value | undefined, old: Value | undefined): Value {
  if (value === undefined || hasUnknown(value)) return value as Value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return typeof old === "string" && sameJson(text, old) ? old : text;
}

function sameJson(a: string, b: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch {
    return a === b;
  }
}

export function tagsOf(props: Props): Tags {
  return (props.tags ?? {}) as Tags;
}

/** `{ Key, Value }` pairs, as EC2, IAM, ECR and S3 write tags. */
export function tagList(props: Props): { Key: string; Value: string }[] {
  return Object.entries(tagsOf(props)).map(([Key, Value]) => ({ Key, Value }));
}

/** `{ key, value }` pairs, as ECS writes them. */
export function lowerTagList(props: Props): { key: string; value: string }[] {
  return Object.entries(tagsOf(props)).map(([key, value]) => ({ key, value }));
}

export function fromTagList(list: { Key?: string; Value?: string; key?: string; value?: string }[] | undefined): Tags {
  // Names with this prefix are AWS's own.
  const own = (list ?? []).filter((tag) => !(tag.Key ?? tag.key)?.startsWith("aws:"));
  return Object.fromEntries(own.map((tag) => [tag.Key ?? tag.key ?? "", tag.Value ?? tag.value ?? ""]));
}

/** Brings tags from the old state to the new with the service's two calls, each only where it is needed. */
export async function updateTags(
  state: Props,
  inputs: Props,
  calls: { remove(names: string[]): Promise<unknown>; set(tags: Tags): Promise<unknown> },
): Promise<void> {
  const olds = tagsOf(state);
  const news = tagsOf(inputs);
  const removed = Object.keys(olds).filter((name) => !(name in news));
  const changed = Object.fromEntries(Object.entries(news).filter(([name, value]) => olds[name] !== value));
  if (removed.length > 0) await calls.remove(removed);
  if (Object.keys(changed).length > 0) await calls.set(changed);
}

/** Whether a property differs between the state and the inputs. */
export function changed(state: Props, inputs: Props, name: string): boolean {
  return !isDeepStrictEqual(state[name], inputs[name]);
}
