/** The driver's calls for a job, made as gitlab-runner makes them. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify, type TomlTable } from "smol-toml";
import { region } from "../../sandbox/config";
import type { Deployed } from "./deployed";
import type { Invocation } from "./measure";
import type { TaskAccess } from "./plain-ssh";

/** The stand-in takes any credentials. */
export const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };

export interface DriverJob {
  config: Invocation;
  prepare: Invocation;
  /** @param script file that bash runs */
  run(script: string): Invocation;
  cleanup: Invocation;
  /** The task's, once it has been prepared. */
  arn(): string;
  /** How to get into the task, once it has been prepared. */
  access(): TaskAccess;
}

/**
 * @param folder takes the files of all jobs
 * @param endpoint where the driver finds AWS
 * @param image that the job names by `image:`
 */
export function driverJob(
  id: number,
  folder: string,
  { driver, fargateToml }: Deployed,
  endpoint: string,
  image?: string,
): DriverJob {
  const dir = path.join(folder, `job-${id}`);
  // One for all jobs, as on a host.
  const metadata = path.join(folder, "metadata");
  for (const needed of [dir, metadata]) mkdirSync(needed, { recursive: true });
  const file = (name: string, content: string) => {
    writeFileSync(path.join(dir, name), content, { mode: 0o600 });
    return path.join(dir, name);
  };
  const settings: TomlTable = { ...fargateToml, TaskMetadata: { Directory: metadata } };
  const toml = file("fargate.toml", stringify(settings));
  const env = {
    PATH: process.env.PATH,
    TMPDIR: dir,
    JOB_RESPONSE_FILE: file("job.json", JSON.stringify({ ...payload(id), ...(image && { image: { name: image } }) })),
    BUILD_FAILURE_EXIT_CODE: "1",
    SYSTEM_FAILURE_EXIT_CODE: "2",
    BUILD_EXIT_CODE_FILE: path.join(dir, "exit-code"),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const call = (...args: string[]): Invocation => ({ program: driver, args: ["--config", toml, "custom", ...args], env });
  /** What the driver has written down of the job's task. */
  function state(): Record<string, string | undefined> {
    const states = path.join(metadata, "tasks");
    const name = readdirSync(states).find((name) => name.startsWith(`job-${id}-`) && name.endsWith(".json"))!;
    return JSON.parse(readFileSync(path.join(states, name), "utf8"));
  }
  return {
    config: call("config"),
    prepare: call("prepare"),
    run: (script) => call("run", script, "build_script"),
    cleanup: call("cleanup"),
    arn: () => state().arn!,
    access() {
      const { address, host_key, private_key } = state() as Record<"address" | "host_key" | "private_key", string>;
      return {
        address,
        privateKey: file("key", private_key),
        knownHosts: file("known_hosts", `${address} ${host_key}\n`),
      };
    },
  };
}

const payload = (id: number) => ({
  id,
  token: `bench-${id}`,
  job_info: { project_id: 1 },
  runner_info: { timeout: 3600 },
  variables: [
    { key: "CI_PIPELINE_ID", value: "1", public: true },
    { key: "CI_RUNNER_ID", value: "1", public: true },
  ],
});
