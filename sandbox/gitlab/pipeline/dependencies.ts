/** Which jobs a job waits for, and whose artifacts it gets. */
import type { Job } from "../model";
import type { Need } from "./definition";
import { selects } from "./parallel";

/** The jobs whose artifacts and dotenv variables a job gets (https://docs.gitlab.com/ci/yaml/#dependencies). */
export function dependencies(job: Job): Job[] {
  const { definition, pipeline } = job;
  const latest = pipeline.jobs.filter((other) => !other.retried);
  const named = definition.dependencies;
  const isNamed = (other: Job) =>
    !named || named.includes(other.definition.baseName) || named.includes(other.definition.name);
  if (definition.needs) {
    const needs = definition.needs.filter((need) => need.artifacts);
    return latest.filter((other) => isNamed(other) && needs.some((need) => meets(need, other)));
  }
  return latest.filter((other) => stageOrder(other) < stageOrder(job) && isNamed(other));
}

/** Whether `need` means the job. */
function meets(need: Need, { definition }: Job): boolean {
  if (need.job !== definition.baseName && need.job !== definition.name) return false;
  return !need.matrix || selects(need.matrix, definition.matrix);
}

/** The jobs that decide whether and when the job runs: those it needs, else all of earlier stages. */
export function predecessors(job: Job): Job[] {
  const { needs } = job.definition;
  const latest = job.pipeline.jobs.filter((other) => !other.retried);
  if (needs) return latest.filter((other) => needs.some((need) => meets(need, other)));
  return latest.filter((other) => stageOrder(other) < stageOrder(job));
}

const stageOrder = (job: Job) => job.pipeline.definition.stages.indexOf(job.definition.stage);
