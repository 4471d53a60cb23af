/** A deployment that is a job on one of the stack's own runners must not end or stop a host: it may be the job's own. */
import type { Danger } from "./danger";
import { UserError } from "./errors";
import type { StackFacts } from "./stack";

/** A host that AWS stops for a change takes its jobs with it, and so the deployment in its middle. */
const endsHosts = new Set(["host-replaced", "host-removed", "host-stopped"]);

type Env = Readonly<Record<string, string | undefined>>;

/**
 * All hosts serve all runners, and no job knows which host runs it.
 *
 * @param dangers of the plan
 * @param factsOf the stack as it is deployed; asked only where it matters
 * @throws UserError before anything has been changed
 */
export async function refuseOwnRunner(
  stack: string,
  dangers: readonly Pick<Danger, "id" | "subject">[],
  factsOf: (stack: string) => Promise<StackFacts>,
  env: Env = process.env,
): Promise<void> {
  const { CI_RUNNER_ID: runner, CI_API_V4_URL: api } = env;
  const ending = dangers.filter(({ id }) => endsHosts.has(id)).map(({ subject }) => subject);
  if (ending.length === 0 || !runner) return;
  const { runners, gitlabUrl } = await factsOf(stack);
  if (!runners.includes(runner) || (api && !sameUrl(api, gitlabUrl))) return;
  throw new UserError(
    [
      `this deployment is a job on a runner of stack ${stack} (${runner}) and would end or stop ${ending.join(", ")}: it`,
      "could wait for itself, as a host goes only when its jobs have ended, or be lost with the host that it runs on.",
      "Nothing has been changed. Deploy this change from another runner or from a machine of yours:",
      `  npm run deploy -- --stack ${stack}`,
    ].join("\n"),
  );
}

/** The setting may leave the API's path out. */
const sameUrl = (one: string, other: string): boolean => withoutPath(one) === withoutPath(other);

const withoutPath = (url: string): string => url.replace(/\/+$/, "").replace(/\/api\/v4$/, "");
