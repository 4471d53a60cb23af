/** Runs the program's components against Pulumi's mocks and records what the engine would have been asked for. */
import * as pulumi from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime/settings";
import { answers, stateOf } from "./aws";

export interface Registered {
  type: string;
  name: string;
  urn: string;
  /** URN of the component that it belongs to; empty for the root. */
  parent: string;
  /** As given; a secret stays wrapped, see {@link plain} and {@link isSecret}. */
  inputs: Record<string, unknown>;
  /** Inputs that each run makes anew, and the engine takes for new resources only. */
  fresh: Record<string, unknown>;
  ignoreChanges: string[];
  secretOutputs: string[];
  /** As the SDK has it of the provider's schema. */
  replaceOnChanges: string[];
  /** Names of the resources it waits for, by its inputs or by dependsOn. */
  dependsOn: string[];
  /** The same as URNs: several resources may have one name. */
  waitsFor: string[];
  /** Names of the resources whose replacement replaces it. */
  replaceWith: string[];
  /** Another value replaces it. */
  replacementTrigger: unknown;
  transforms: number;
  protect: boolean;
}

export interface Deployment {
  resources: Registered[];
  /** What each component has registered as its outputs, by URN. */
  outputs: Record<string, Record<string, unknown>>;
  /** Messages of what failed on the way; a failure that several resources share counts once. */
  errors: string[];
  /** Tokens of the provider functions that were called. */
  calls: string[];
}

export interface World {
  /** Paths that GitLab does not have; subnets, security groups and roles that AWS does not. */
  missing?: string[];
  /** Availability zones that have the instance type; all where left out. */
  zones?: string[];
  stack?: string;
  /** Nothing is deployed, only planned. */
  preview?: boolean;
  noDefaultVpc?: boolean;
  /** AWS does not tell where instance types are. */
  noOfferings?: boolean;
  /** Quotas of vCPU by code, or "denied"; left out, they are enough. */
  vcpus?: Record<string, number> | "denied";
  /** Tags of security groups and roles; none where left out. */
  tags?: Record<string, Record<string, string>>;
  /** Of roles by name, what is not as tasks need it: the ARN, the statement of the trust policy. */
  roles?: Record<string, { arn?: string; statement?: object; denied?: boolean }>;
  /** What the answer to a function of this token waits for. */
  holds?: { token: string; until: Promise<void> };
}

/** Left out of the published types; there is no other way to know that all registrations are done. */
const internals = runtime as unknown as { waitForRPCs(): Promise<void> };

export async function deploy(program: () => unknown, world: World = {}): Promise<Deployment> {
  const resources: Registered[] = [];
  const outputs: Deployment["outputs"] = {};
  const calls: string[] = [];
  const stack = world.stack ?? "test";
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) =>
        // In a preview nobody knows yet what AWS and GitLab will give.
        world.preview ? { id, state: inputs } : { id: id || `${name}-id`, state: stateOf(type, name, inputs) },
      call: async ({ token, inputs }) => {
        calls.push(token);
        if (token === world.holds?.token) await world.holds.until;
        return answers(token, inputs, world);
      },
    },
    "gitlab-fargate-runners",
    stack,
    world.preview,
  );
  recordRequests(resources, outputs);
  const errors = await withoutStacks(() =>
    collectErrors(async () => {
      await program();
      await internals.waitForRPCs();
    }),
  );
  return { resources, outputs, errors, calls };
}

/**
 * The SDK takes the stack of each of its thousands of promises, for messages about leaks. Mapping those stacks to the
 * sources would take longer than the deployment, and of errors only the messages are kept.
 */
async function withoutStacks<T>(work: () => Promise<T>): Promise<T> {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Object.assign(Error, { prepareStackTrace: String, stackTraceLimit: 0 });
  try {
    return await work();
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}

/** Keys: a host's for its first contact, and the one that the deployment logs in with. */
const madeAnew = ["userData", "stdin"];

/** Mocks are not told a resource's options; the request that they answer holds them. */
function recordRequests(resources: Registered[], outputs: Deployment["outputs"]): void {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the mock monitor's type is not exported
  const monitor = runtime.getMonitor() as any;
  const register = monitor.registerResource.bind(monitor);
  const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  monitor.registerResource = (request: any, callback: any) => {
    const inputs = request.getObject().toJavaScript();
    const isFresh = (name: string) => madeAnew.includes(name) && request.getIgnorechangesList().includes(name);
    const [fresh, lasting] = [isFresh, (name: string) => !isFresh(name)].map((wanted) =>
      Object.fromEntries(Object.entries(inputs).filter(([name]) => wanted(name))),
    );
    resources.push({
      type: request.getType(),
      name: request.getName(),
      urn: monitor.newUrn(request.getParent(), request.getType(), request.getName()),
      parent: request.getParent(),
      inputs: lasting,
      fresh,
      ignoreChanges: request.getIgnorechangesList(),
      secretOutputs: request.getAdditionalsecretoutputsList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      dependsOn: request.getDependenciesList().map(nameOf),
      waitsFor: request.getDependenciesList(),
      replaceWith: request.getReplaceWithList().map(nameOf),
      replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
      transforms: request.getTransformsList().length,
      protect: request.getProtect(),
    });
    return register(request, callback);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  monitor.registerResourceOutputs = (request: any, callback: any) => {
    outputs[request.getUrn()] = request.getOutputs().toJavaScript();
    return registerOutputs(request, callback);
  };
}

/** What fails in an output shows as an unhandled rejection, which mocha would take for a failure of the test. */
async function collectErrors(work: () => Promise<void>): Promise<string[]> {
  const errors = new Set<string>();
  const keep = (error: unknown) => errors.add(error instanceof Error ? error.message : String(error));
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", keep);
  try {
    await work().catch(keep);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners("unhandledRejection");
    listeners.forEach((listener) => process.on("unhandledRejection", listener));
  }
  return [...errors];
}

const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
type Wrapped = Record<string, unknown>;

export const isSecret = (value: unknown): boolean =>
  typeof value === "object" && value !== null && (value as Wrapped)[signature] === secretMark;

/** A value without the wraps of its secrets. */
export function plain<T = Record<string, unknown>>(value: unknown): T {
  if (Array.isArray(value)) return value.map((item) => plain(item)) as T;
  if (typeof value !== "object" || value === null) return value as T;
  if (isSecret(value)) return plain<T>((value as Wrapped).value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) as T;
}

export const ofType = ({ resources }: Deployment, type: string): Registered[] =>
  resources.filter((resource) => resource.type === type);

/** The one resource of a type (with a name). */
export function only(deployment: Deployment, type: string, name?: string): Registered {
  const found = ofType(deployment, type).filter((resource) => name === undefined || resource.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${name ?? ""}, not one`);
  return found[0];
}
