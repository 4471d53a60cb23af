/** Names, addresses and folders of the sandbox. Its addresses are fixed, in a network of its own. */
import * as os from "node:os";
import * as path from "node:path";

/** The repository's root. */
export const projectDir = path.resolve(__dirname, "..");

const home = os.homedir();

/** Tells apart the sandboxes of a machine on which several run. Empty for the first one. */
const number = process.env.SANDBOX_NUMBER ?? "";
if (!/^\d*$/.test(number)) throw new Error(`SANDBOX_NUMBER: ${number} is no number`);
const numbered = (name: string) => (number === "" ? name : `${name}-${number}`);

/** Built and fetched artifacts, keyed by their inputs; survives the sandbox. */
export const cacheDir = path.join(process.env.XDG_CACHE_HOME || path.join(home, ".cache"), "gitlab-fargate-runners");

/**
 * Everything of the running sandbox: sockets, logs, the Pulumi backend, overlays, the registry's blobs.
 * The same folder for every clone, so that any clone can clear away what another one left.
 */
export const stateDir = path.join(
  process.env.XDG_STATE_HOME || path.join(home, ".local", "state"),
  "gitlab-fargate-runners",
  numbered("sandbox"),
);

/** Prefix of network namespaces, links and cgroups. */
export const prefix = "gfr";

/** The one parent cgroup (in every hierarchy that is used) of all that the sandbox runs. */
export const cgroupName = numbered(`${prefix}-sandbox`);

/** Beginning of the names of the tasks' cgroups. */
export const taskCgroupPrefix = `${numbered(prefix)}-task-`;

/** Names of cgroups as sandboxes of any number give them. */
export const anyCgroup = new RegExp(`^${prefix}-(sandbox|(\\d+-)?task-)`);

/** The bridge that stands for the VPC (moto's default VPC is 172.31.0.0/16). */
export const network = {
  bridge: "gfr0",
  gateway: "172.31.255.254",
  prefixLength: 16,
  metadata: "169.254.169.254",
  /** Nobody answers there, so that no name resolves, unless a test puts a name server there. */
  resolver: "169.254.169.253",
} as const;

/** Of hosts and tasks. A closed port says at once that there is no such name, where a silent server would not. */
export const resolvConf = `nameserver ${network.resolver}\noptions timeout:1 attempts:1\n`;

export const region = "us-east-1";
export const accountId = "123456789012";
export const stackName = "sandbox";

/** Services on the bridge's address, reached by the engine, the hosts and the tasks alike. */
export const ports = {
  aws: 4566,
  gitlab: 8929,
  downloads: 8930,
  moto: 5566,
  registry: 5055,
  registryStore: 5056,
} as const;

export const awsEndpoint = `http://${network.gateway}:${ports.aws}`;
export const gitlabUrl = `http://${network.gateway}:${ports.gitlab}`;
export const downloadsUrl = `http://${network.gateway}:${ports.downloads}`;
/** The registry of the account's ECR. Hosts reach it by this name, over TLS, at the bridge's address. */
export const ecrRegistry = `${accountId}.dkr.ecr.${region}.amazonaws.com`;
/** The same registry for the engine, on loopback only. It asks for ECR's passwords. */
export const registryAddress = `127.0.0.1:${ports.registry}`;
/** The store behind it, which asks nobody. */
export const registryStore = `127.0.0.1:${ports.registryStore}`;

/** The access tokens that the sandbox's GitLab knows. */
export const gitlabTokens = {
  /** Of the stack sandbox, with the scopes that docs/first-deploy.md asks for. */
  deployment: { token: "glpat-sandbox-deployment", scopes: ["create_runner", "manage_runner", "read_api"] },
  api: { token: "glpat-sandbox-api", scopes: ["api"] },
  reader: { token: "glpat-sandbox-reader", scopes: ["read_api"] },
  repository: { token: "glpat-sandbox-repository", scopes: ["read_repository"] },
  expired: { token: "glpat-sandbox-expired", scopes: ["api"], expiresAt: new Date("2020-01-01") },
} as const;
