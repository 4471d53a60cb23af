import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import type { Entry } from "./settings";

export interface RunnerTokensArgs {
  entries: readonly Entry[];
}

/** One runner in GitLab for each entry of the settings, and its authentication token. */
export class RunnerTokens extends pulumi.ComponentResource {
  /** By the entry's key. */
  readonly runners: ReadonlyMap<string, gitlab.UserRunner>;

  constructor(name: string, { entries }: RunnerTokensArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:RunnerTokens", name, {}, opts);
    const owners = this.findOwners(entries);
    this.runners = new Map(entries.map((entry) => [entry.key, this.createRunner(name, entry, owners)]));
    this.registerOutputs({});
  }

  private createRunner(name: string, entry: Entry, owners: pulumi.Output<Record<string, number>>) {
    const id = owners.apply((found) => found[entry.key]);
    return new gitlab.UserRunner(
      // By the path: where it stands in the list, and beside which others, does not matter.
      `${name}-${entry.key}`,
      {
        runnerType: `${entry.kind}_type`,
        groupId: entry.kind === "group" ? id : undefined,
        projectId: entry.kind === "project" ? id : undefined,
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

  /**
   * The ids of the entries' groups and projects. All look-ups have ended before any is used, so that a path that
   * GitLab does not have is told, with all others like it, before anything is created.
   */
  private findOwners(entries: readonly Entry[]): pulumi.Output<Record<string, number>> {
    const find = async () => {
      const wanted = entries.filter(({ kind }) => kind !== "instance");
      const results = await Promise.allSettled(wanted.map((entry) => this.findOwner(entry)));
      const errors = results.flatMap((result, index) =>
        result.status === "rejected" ? [describeFailure(wanted[index], result.reason)] : [],
      );
      if (errors.length > 0) throw new pulumi.RunError(errors.join("\n"));
      // Not a Map: an output turns it into a plain object.
      return Object.fromEntries(
        results.flatMap((result, index) =>
          result.status === "fulfilled" ? [[wanted[index].key, result.value] as const] : [],
        ),
      );
    };
    return pulumi.output(find());
  }

  private async findOwner({ kind, path }: Entry): Promise<number> {
    if (kind === "group") return (await gitlab.getGroup({ fullPath: path }, { parent: this })).groupId;
    return Number((await gitlab.getProject({ pathWithNamespace: path }, { parent: this })).id);
  }
}

function describeFailure({ kind, path }: Entry, reason: unknown): string {
  const cause = reason instanceof Error ? reason.message : String(reason);
  return `GitLab shows no ${kind} "${path}" (is the path right, and may the token of gitlab:token see it?): ${cause}`;
}
