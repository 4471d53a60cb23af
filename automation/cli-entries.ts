/** The commands that add groups, projects and instance runners to a stack's file, and remove them. */
import type { Command } from "commander";
import { ids, names, number, seconds, target } from "./cli-values";
import { addNamed, removeNamed, type EntryFlags } from "./entries";
import type { EntryList } from "./new-entry";

interface Kind {
  command: string;
  list: EntryList;
  /** For people. */
  what: string;
  argument: string;
}

const kinds: Kind[] = [
  { command: "group", list: "groups", what: "groups", argument: "paths" },
  { command: "project", list: "projects", what: "projects", argument: "paths" },
  { command: "runner", list: "instanceRunners", what: "instance runners", argument: "names" },
];

const fromHelp =
  'a file that names them: one on each line, or a list or map in YAML as in the stack\'s file ("-": standard input)';

/** @param ended is handed the exit code */
export function registerEntries(program: Command, ended: (exitCode: number) => void, signal: AbortSignal): void {
  for (const kind of kinds) {
    adding(program, kind).action(async (given: string[], flags: EntryFlags) => {
      const { stack, json, preview, id, from, ...options } = flags;
      ended(await addNamed(kind.list, given, options, { stack, json, preview, id, from }, { signal }));
    });
    naming(program, "remove", kind).action(async (given: string[], flags: EntryFlags) =>
      ended(await removeNamed(kind.list, given, flags, { signal })),
    );
  }
}

function naming(program: Command, verb: "add" | "remove", { command, list, what, argument }: Kind): Command {
  const to = verb === "add" ? "to" : "from";
  const one = program
    .command(`${verb}-${command}`)
    .description(`${verb} ${what} ${to} the stack's config, and preview that`)
    .argument(`[${argument}...]`)
    .requiredOption("--stack <name>", "the stack");
  if (list !== "instanceRunners") one.option("--id <ids>", `${what} by their ids, with commas between`, ids);
  return one
    .option("--from <file>", fromHelp)
    .option("--json <file>", 'write the report as JSON ("-": standard output)', target)
    .option("--no-preview", "only edit the file");
}

/** Options that an entry takes as they are; a token is a secret, and comes by `pulumi config set --secret`. */
function adding(program: Command, kind: Kind): Command {
  const one = naming(program, "add", kind)
    .option("--tags <tags>", "take jobs with these tags, with commas between", names("tag"))
    .option("--untagged", "take jobs without tags beside those with the tags")
    .option("--protected", "take jobs of protected branches and tags only")
    .option("--paused", "take no jobs for now")
    .option("--size <name>", "one of the stack's sizes")
    .option("--allowed-sizes <names>", "the sizes that jobs may choose beside it, with commas between", names("size"))
    .option("--limit <number>", "jobs at once on each host", number)
    .option("--maximum-timeout <seconds>", "that a job may take at most", seconds)
    .option("--maintenance-note <text>", "shown to GitLab's administrators");
  if (kind.list === "instanceRunners") return one;
  return one
    .option("--locked", "cannot be enabled for other projects")
    .option("--name <text>", "the runner's description in GitLab");
}
