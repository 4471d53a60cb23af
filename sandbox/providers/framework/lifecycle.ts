/** The steps of a resource's life, from the engine's values to a definition's and back. No gRPC here. */
import type { CheckFailure, Context, Resource } from "./definition";
import { diffProperties, formatPath, type Change } from "./diff";
import { applyAutoName } from "./names";
import { compact, markSecrets, UNKNOWN, unwrapSecrets, type Path, type Props } from "./values";

export async function check(
  resource: Resource,
  request: { news: Props; olds?: Props; randomSeed: Uint8Array },
  context: Context,
): Promise<{ inputs: Props; failures: CheckFailure[] }> {
  const { plain, secrets } = unwrapSecrets(request.news);
  const olds = request.olds && unwrapSecrets(request.olds).plain;
  const named = resource.autoName
    ? applyAutoName(resource.autoName, plain, {
        name: context.name,
        urn: context.urn,
        olds,
        randomSeed: request.randomSeed,
      })
    : plain;
  const { inputs, failures } = (await resource.check?.(named, context, olds)) ?? { inputs: named };
  return { inputs: markSecrets(inputs, [...secrets, ...paths(resource.secretInputs)]), failures: failures ?? [] };
}

export interface Diff {
  /** By property path, in the engine's syntax. */
  changes: { path: string; kind: Change["kind"]; replace: boolean; input: boolean }[];
  /** Names of the properties that differ. */
  properties: string[];
  deleteBeforeReplace: boolean;
}

export async function diff(
  resource: Resource,
  request: { state: Props; oldInputs?: Props; news: Props; ignored?: readonly string[] },
  context: Context,
): Promise<Diff> {
  const state = unwrapSecrets(request.state).plain;
  const news = planned(resource, state, unwrapSecrets(request.news).plain);
  const given = request.oldInputs ? unwrapSecrets(request.oldInputs).plain : state;
  const olds = { ...given, ...computedOf(resource, state) };
  const ignored = [...(resource.ignoreInDiff ?? []), ...(request.ignored ?? [])];
  const inputChanges = diffProperties(olds, news, ignored);
  const { replaceOn = [] } = resource;
  const replaces = async (path: Path) =>
    !resource.update ||
    (typeof replaceOn === "function" ? replaceOn(path, news, state, context) : replaceOn.includes(String(path[0])));
  const changes = await Promise.all(
    inputChanges.map(async ({ path, kind }) => ({
      path: formatPath(path),
      kind,
      replace: await replaces(path),
      input: true,
    })),
  );
  const known = new Set(inputChanges.map(({ path }) => String(path[0])));
  for (const name of (await resource.diff?.(state, news, context)) ?? []) {
    if (!known.has(name)) changes.push({ path: name, kind: "update", replace: await replaces([name]), input: false });
    known.add(name);
  }
  const replacing = changes.some((change) => change.replace);
  return {
    changes,
    properties: [...known],
    deleteBeforeReplace: replacing && (resource.deleteBeforeReplace === true || keepsGivenName(resource, olds, news)),
  };
}

/** What the state has of the properties that the real schema has as computed. */
function computedOf({ computed = [] }: Resource, state: Props): Props {
  return Object.fromEntries(computed.filter((name) => name in state).map((name) => [name, state[name]]));
}

/** Inputs as the real provider plans them: what is left out and computed stays as the state has it. */
const planned = (resource: Resource, state: Props, news: Props): Props => ({ ...computedOf(resource, state), ...news });

/** Two things of one name cannot stand side by side, and a name that the user gave is not ours to change. */
function keepsGivenName(resource: Resource, olds: Props, news: Props): boolean {
  const property = resource.autoName?.property;
  if (!property || news[property] === undefined) return false;
  const generated = news["__defaults"];
  return news[property] === olds[property] && !(Array.isArray(generated) && generated.includes(property));
}

export async function create(
  resource: Resource,
  request: { inputs: Props; preview: boolean },
  context: Context,
): Promise<{ id: string; outputs: Props }> {
  const { plain, secrets } = unwrapSecrets(request.inputs);
  // What a preview leaves out is unknown to the program.
  if (request.preview) return { id: "", outputs: mark(resource, plain, secrets) };
  const { id, outputs } = await resource.create(plain, context);
  return { id, outputs: mark(resource, outputs, secrets) };
}

export async function update(
  resource: Resource,
  request: { id: string; state: Props; oldInputs?: Props; news: Props; preview: boolean },
  context: Context,
): Promise<Props> {
  const state = unwrapSecrets(request.state);
  const news = unwrapSecrets(request.news);
  const inputs = planned(resource, state.plain, news.plain);
  const secrets = [...news.secrets, ...state.secrets.filter(([name]) => !(name in news.plain))];
  if (!resource.update) throw new Error("this resource cannot be changed in place");
  if (!request.preview) {
    return mark(resource, await resource.update(request.id, state.plain, inputs, context), secrets);
  }
  const dropped = Object.keys(request.oldInputs ?? {}).filter((name) => !(name in inputs));
  const kept = Object.fromEntries(Object.entries(state.plain).filter(([name]) => !dropped.includes(name)));
  const { changedByUpdate = [] } = resource;
  const changing = typeof changedByUpdate === "function" ? changedByUpdate(state.plain, news.plain) : changedByUpdate;
  const open = Object.fromEntries(changing.map((name) => [name, UNKNOWN]));
  return mark(resource, { ...kept, ...inputs, ...open }, secrets);
}

/** Empty id: the thing is gone. Inputs follow what was found, so that the next update puts drift right. */
export async function read(
  resource: Resource,
  request: { id: string; state: Props; inputs?: Props },
  context: Context,
): Promise<{ id: string; outputs: Props; inputs: Props }> {
  const state = unwrapSecrets(request.state);
  const inputs = unwrapSecrets(request.inputs ?? {});
  const found = resource.read ? await resource.read(request.id, state.plain, context, inputs.plain) : state.plain;
  if (!found) return { id: "", outputs: {}, inputs: {} };
  const names = Object.keys(inputs.plain);
  const fresh = compact(
    Object.fromEntries(names.map((name) => [name, name in found ? found[name] : inputs.plain[name]])),
  );
  return {
    id: request.id,
    outputs: mark(resource, found, state.secrets),
    inputs: markSecrets(names.length > 0 ? fresh : found, [...inputs.secrets, ...paths(resource.secretInputs)]),
  };
}

export async function remove(resource: Resource, request: { id: string; state: Props }, context: Context) {
  await resource.delete(request.id, unwrapSecrets(request.state).plain, context);
}

/** Secret are: what was secret in the inputs, and what the definition says. */
export function mark(resource: Resource, outputs: Props, secrets: Path[]): Props {
  return markSecrets(compact(outputs), [...secrets, ...paths(resource.secretInputs), ...paths(resource.secretOutputs)]);
}

function paths(places: readonly (string | Path)[] | undefined): Path[] {
  return (places ?? []).map((place) => (typeof place === "string" ? [place] : place));
}
