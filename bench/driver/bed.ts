/** What the driver's benchmarks share: the sandbox's driver beside it, on the same bridge as its host. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ECSClient } from "@aws-sdk/client-ecs";
import { awsEndpoint, region } from "../../sandbox/config";
import { startCountingEndpoint, type CountingEndpoint } from "./counting-endpoint";
import { copyDeployed, type Deployed } from "./deployed";
import { credentials, driverJob, type DriverJob } from "./driver-job";
import { createMeasure, type Measure } from "./measure";
import { openToThisMachine } from "./security-group";

export interface JobOptions {
  /** Another one than the deployed. */
  driver?: Deployed;
  /** That the job names by `image:`. */
  image?: string;
}

export interface Bed {
  deployed: Deployed;
  measure: Measure;
  ecs: ECSClient;
  /** Counts the driver's calls of all jobs. */
  endpoint: CountingEndpoint;
  signal: AbortSignal;
  /** Writes a file of the benchmark's own and returns its path. */
  file(name: string, content: string): string;
  newJob(options?: JobOptions): DriverJob;
}

/** Ids of jobs that GitLab knows nothing of, far above those of the sandbox's own. */
const firstJob = 900_000;

/** Gives `work` all of it, and clears it away afterwards. The sandbox is up. */
export async function* withBed<Result>(
  signal: AbortSignal,
  work: (bed: Bed) => AsyncIterable<Result>,
): AsyncGenerator<Result> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "bench-"));
  const endpoint = await startCountingEndpoint(awsEndpoint);
  const ecs = new ECSClient({ endpoint: awsEndpoint, region, credentials });
  const group = await openToThisMachine();
  let nextJob = firstJob;
  try {
    const deployed = await copyDeployed(folder);
    (deployed.fargateToml.Fargate as { SecurityGroups: string[] }).SecurityGroups.push(group.id);
    yield* work({
      deployed,
      measure: await createMeasure(folder, signal),
      ecs,
      endpoint,
      signal,
      file(name, content) {
        const target = path.join(folder, name);
        writeFileSync(target, content, { mode: 0o600 });
        return target;
      },
      newJob: ({ driver = deployed, image } = {}) => driverJob(nextJob++, folder, driver, endpoint.url, image),
    });
  } finally {
    ecs.destroy();
    // A task of a benchmark that was given up may still be a member.
    await group.remove().catch(() => {});
    endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
