import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import type { Entry } from "../settings/settings";

export interface RunnerTokensArgs {
  entries: readonly Entry[];
  /** Ids of the entries' groups and projects, by the entry's key. */
  owners: ReadonlyMap<string, number>;
}

/** One runner in GitLab for each entry of the settings that brings no token of its own; the tokens of all. */
export class RunnerTokens extends pulumi.ComponentResource {
  /** Those created here, by the entry's key. */
  readonly runners: ReadonlyMap<string, gitlab.UserRunner>;
  /** Secret; of every entry, by its key. */
  readonly tokens: ReadonlyMap<string, pulumi.Output<string>>;

  constructor(name: string, { entries, owners }: RunnerTokensArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:RunnerTokens", name, {}, opts);
    const created = entries.filter(({ token }) => token === undefined);
    this.runners = new Map(created.map((entry) => [entry.key, this.createRunner(name, entry, owners.get(entry.key))]));
    const brought = entries.flatMap(({ key, token }): [string, pulumi.Output<string>][] =>
      token === undefined ? [] : [[key, token]],
    );
    this.tokens = new Map([...brought, ...[...this.runners].map(([key, { token }]) => [key, token] as const)]);
    this.registerOutputs({});
  }

  private createRunner(name: string, entry: Entry, owner: number | undefined): gitlab.UserRunner {
    return new gitlab.UserRunner(
      // By the path: where it stands in the list, and beside which others, does not matter.
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
        maximumTimeout: entry.maximumTimeout,
        maintenanceNote: entry.maintenanceNote,
      },
      { parent: this },
    );
  }
}
