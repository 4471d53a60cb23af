/** The runc bundle of a container: what the image, the container definition and RunTask's overrides make together. */
import { capabilities, maskedPaths, readonlyPaths, systemCallFilter } from "./confinement";
import type { ContainerDefinition, ContainerOverride } from "./types";

/** What of an image's configuration a container starts with. */
export interface ImageConfig {
  entrypoint: string[];
  command: string[];
  /** NAME=value. */
  environment: string[];
  workingDirectory: string;
  user: { uid: number; gid: number; additionalGids?: number[] };
  /** Paths of its VOLUMEs. */
  volumes: string[];
}

export interface SpecOptions {
  image: ImageConfig;
  /** Whom it runs as. */
  user: ImageConfig["user"];
  definition: ContainerDefinition;
  override?: ContainerOverride;
  /** What ECS itself sets. */
  environment: Record<string, string>;
  hostname: string;
  rootfs: string;
  networkNamespace: string;
  /** As runc takes it: one that is relative lies below runc's own. */
  cgroup: string;
  /** CPU units of the task. */
  cpu: number;
  /** Resources that make the container's own hard limit; the task's is its parent cgroup's. */
  memory: object;
  /** The most open files that this machine lets the sandbox grant. */
  maxOpenFiles: number;
  /** Host paths shown in the container. */
  binds: { source: string; destination: string; readOnly: boolean }[];
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The OCI runtime configuration. Differs from Fargate's: a CPU quota instead of a virtual machine of that size. */
export function containerSpec(options: SpecOptions): object {
  const { image, definition } = options;
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: options.user,
      args: processArguments(image, definition, options.override),
      env: processEnvironment(options),
      cwd: definition.workingDirectory ?? (image.workingDirectory || "/"),
      capabilities: capabilities(options.user.uid, definition),
      rlimits: resourceLimits(definition, options.maxOpenFiles),
      noNewPrivileges: false,
    },
    root: { path: options.rootfs, readonly: definition.readonlyRootFilesystem ?? false },
    hostname: options.hostname,
    mounts: [...systemMounts, ...options.binds.map(bindMount)],
    linux: {
      cgroupsPath: options.cgroup,
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        ...options.memory,
        cpu: {
          shares: Math.max(2, definition.cpu ?? 0),
          period: 100_000,
          quota: Math.round((options.cpu / 1024) * 100_000),
        },
      },
      namespaces: [
        { type: "pid" },
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        { type: "network", path: options.networkNamespace },
      ],
      seccomp: systemCallFilter,
      maskedPaths,
      readonlyPaths,
    },
  };
}

/** As Docker does: an entry point that is given drops the image's command with the image's entry point. */
export function processArguments(
  image: ImageConfig,
  definition: ContainerDefinition,
  override?: ContainerOverride,
): string[] {
  const ownEntryPoint = definition.entryPoint?.length ? definition.entryPoint : undefined;
  const command = [override?.command, definition.command].find((list) => list?.length);
  return [...(ownEntryPoint ?? image.entrypoint), ...(command ?? (ownEntryPoint ? [] : image.command))];
}

/** Later ones win: image, container definition, override, ECS. */
export function processEnvironment(
  options: Pick<SpecOptions, "image" | "definition" | "override" | "environment">,
): string[] {
  const variables = new Map<string, string>();
  for (const entry of [defaultPath, ...options.image.environment]) {
    const at = entry.indexOf("=");
    variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  const given = [...(options.definition.environment ?? []), ...(options.override?.environment ?? [])];
  for (const { name, value } of given) variables.set(name, value);
  for (const [name, value] of Object.entries(options.environment)) variables.set(name, value);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** Fargate allows 65,535 open files; a machine whose root may not raise limits keeps its own. */
function resourceLimits({ ulimits = [] }: ContainerDefinition, maxOpenFiles: number): object[] {
  const limits = new Map([["nofile", { soft: 65_535, hard: 65_535 }]]);
  for (const { name, softLimit, hardLimit } of ulimits) limits.set(name, { soft: softLimit, hard: hardLimit });
  return [...limits].map(([name, { soft, hard }]) => {
    const most = name === "nofile" ? maxOpenFiles : Infinity;
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: Math.min(soft, most), hard: Math.min(hard, most) };
  });
}

const bindMount = ({ source, destination, readOnly }: SpecOptions["binds"][number]) => ({
  source,
  destination,
  type: "bind",
  options: ["rbind", "rprivate", readOnly ? "ro" : "rw"],
});

const systemMounts = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];
