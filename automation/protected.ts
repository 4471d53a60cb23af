/** A stack that `gitlab-fargate-runners:protect` keeps from being destroyed. */
import { namespace } from "../components/settings/settings";
import { changesOf } from "./changes";
import { meaningsOf } from "./meaning";
import type { EngineResult } from "./stack";

/** What the engine says of each, in the preview of a destruction (pulumi/pulumi, pkg/resource/deploy/step.go). */
const refusal = /resource "([^"]+)" cannot be deleted\s+because it is protected/g;

/** What to tell whoever wants to destroy the stack; undefined where nothing of it is protected. */
export function refusedAsProtected(stack: string, { events }: EngineResult): string | undefined {
  const { changes, errors } = changesOf(events);
  const urns = new Set(errors.flatMap((error) => [...error.matchAll(refusal)].map(([, urn]) => urn)));
  if (urns.size === 0) return undefined;
  const subjects = meaningsOf(changes.filter(({ urn }) => urns.has(urn))).map(({ subject }) => subject);
  const setting = `${namespace}:protect`;
  return [
    `stack ${stack} is not destroyed, and nothing has been taken down: ${setting} keeps what holds state, such as`,
    `${subjects.join(", ")}. To take it down all the same:`,
    `  npx pulumi config set ${setting} false --stack ${stack}`,
    `  npm run deploy -- --stack ${stack}`,
    `  npm run destroy -- --stack ${stack} --yes`,
  ].join("\n");
}
