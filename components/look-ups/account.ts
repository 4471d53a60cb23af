/**
 * What a new AWS account lacks: a preview tells it, and goes on. Looked up beside everything else; what cannot be looked
 * up is no failure either.
 */
import * as iam from "@pulumi/aws/iam";
import * as servicequotas from "@pulumi/aws/servicequotas";
import { capacityProviders, type CapacityProvider } from "../jobs/capacity-providers";
import type { Settings } from "../settings/settings";
import { messageOf } from "./errors";

/** What there is to say of the account. */
export interface AccountNotes {
  /** What will fail, or not be enough. */
  readonly warnings: string[];
  /** What nobody could find out. */
  readonly hints: string[];
}

/** Quotas of vCPU that run at a time, by the capacity that they bound. */
const quotas: Record<CapacityProvider["name"], string> = { FARGATE: "L-3032A538", FARGATE_SPOT: "L-36FBB829" };

/** Never rejects. */
export async function accountNotes(settings: Pick<Settings, "host" | "sizes" | "spot">): Promise<AccountNotes> {
  const notes = await Promise.all([serviceLinkedRole(), vcpuQuota(settings)]);
  return { warnings: notes.flatMap(({ warnings }) => warnings), hints: notes.flatMap(({ hints }) => hints) };
}

const warning = (text: string): AccountNotes => ({ warnings: [text], hints: [] });
const hint = (text: string): AccountNotes => ({ warnings: [], hints: [text] });
const nothing: AccountNotes = { warnings: [], hints: [] };

/**
 * ECS makes its role together with the first cluster of an account, and refuses capacity providers until the role can be
 * used: https://github.com/hashicorp/terraform-provider-aws/issues/15452
 */
async function serviceLinkedRole(): Promise<AccountNotes> {
  const name = "AWSServiceRoleForECS";
  try {
    await iam.getRole({ name });
    return nothing;
  } catch (error) {
    const said = messageOf(error);
    if (!/NoSuchEntity|couldn't find resource/.test(said))
      return hint(`ECS: whether ${name} is there is not known (${said})`);
    return warning(
      `ECS: this account has no role ${name}, so that the first deployment can fail at the cluster's capacity ` +
        "providers, and a second one passes. Make the role before: " +
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
    );
  }
}

/** Whether Fargate runs as many tasks as the hosts start. */
async function vcpuQuota({ host, sizes, spot }: Pick<Settings, "host" | "sizes" | "spot">): Promise<AccountNotes> {
  const codes = capacityProviders(spot).map(({ name }) => quotas[name]);
  try {
    const found = await Promise.all(
      codes.map((quotaCode) => servicequotas.getServiceQuota({ serviceCode: "fargate", quotaCode })),
    );
    const vcpus = found.reduce((sum, { value }) => sum + value, 0);
    return quotaNotes({ vcpus, codes, jobs: host.count * host.concurrency, perJob: sizes.default.cpu / 1024 });
  } catch (error) {
    return hint(`Fargate: the quota of vCPU, ${codes.join(" and ")}, is not known (${messageOf(error)})`);
  }
}

/** @param perJob vCPU of a job of the default size */
export function quotaNotes(found: { vcpus: number; codes: string[]; jobs: number; perJob: number }): AccountNotes {
  const { vcpus, codes, jobs, perJob } = found;
  if (jobs * perJob <= vcpus) return nothing;
  const fit = Math.floor(vcpus / perJob);
  return warning(
    `Fargate: this account may run ${vcpus} vCPU at a time in this region (${codes.join(" and ")}), which is ` +
      `${fit} ${fit === 1 ? "job" : "jobs"} of the default size (${perJob} vCPU); host.count × host.concurrency starts ` +
      `up to ${jobs}. Ask for more: aws service-quotas request-service-quota-increase --service-code fargate ` +
      `--quota-code ${codes[0]} --desired-value ${Math.ceil(jobs * perJob)}`,
  );
}
