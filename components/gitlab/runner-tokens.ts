import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import type { Entry } from "../settings/settings";

/**
 * Seconds: a month, as GitLab counts it. The provider cannot take a timeout away once there is one, but this one bounds
 * no job: the timeouts of projects and jobs have to be shorter (GitLab's Project::MAX_BUILD_TIMEOUT), and the shortest
 * counts.
 */
const unbounded = 2_629_746;

export interface RunnerTokensArgs {
  readonly entries: readonly Entry[];
  /**
   * Ids of the groups and projects of entries without a token of their own, by the entry's key.
   * @default none: every entry has a token or is an instance runner
   */
  readonly owners?: ReadonlyMap<string, pulumi.Input<number>>;
}

/**
 * Creates a runner in GitLab for each entry of the settings that has no token of its own, and knows the tokens of all.
 */
export class RunnerTokens extends pulumi.ComponentResource {
  /** The runners that are created here, by the entry's key. */
  readonly runners: ReadonlyMap<string, gitlab.UserRunner>;
  /** The token of every entry, by the entry's key; secret. */
  readonly tokens: ReadonlyMap<string, pulumi.Output<string>>;

  constructor(name: string, { entries, owners = new Map() }: RunnerTokensArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:RunnerTokens", name, {}, opts);
    const created = entries.filter(({ token }) => token === undefined);
    this.runners = new Map(created.map((entry) => [entry.key, this.createRunner(name, entry, owners.get(entry.key))]));
    const given = entries.flatMap(({ key, token }): [string, pulumi.Output<string>][] =>
      token === undefined ? [] : [[key, token]],
    );
    this.tokens = new Map([...given, ...[...this.runners].map(([key, { token }]) => [key, token] as const)]);
    this.registerOutputs({});
  }

  private createRunner(name: string, entry: Entry, owner: pulumi.Input<number> | undefined): gitlab.UserRunner {
    if (entry.kind !== "instance" && owner === undefined) {
      throw new pulumi.RunError(`owners: no id of ${entry.key}, whose runner is to be created`);
    }
    return new gitlab.UserRunner(
      // Named by its path: its place in the list, and the entries beside it, do not matter.
      `${name}-${entry.key}`,
      {
        runnerType: `${entry.kind}_type`,
        groupId: entry.kind === "group" ? owner : undefined,
        projectId: entry.kind === "project" ? owner : undefined,
        description: entry.name,
        tagLists: entry.tags,
        untagged: entry.untagged,
        locked: entry.locked,
        paused: entry.paused,
        accessLevel: entry.protected ? "ref_protected" : "not_protected",
        // What is not sent, the provider leaves in GitLab as it is.
        maximumTimeout: entry.maximumTimeout ?? unbounded,
        maintenanceNote: entry.maintenanceNote ?? "",
      },
      { parent: this },
    );
  }
}
