/** `init`: the file of a new stack, from what only its owner knows. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { askAll } from "./ask";
import { checksums } from "./checksums";
import { configCheck } from "./config-check";
import { UserError } from "./errors";
import { answersOf, questions, type Answers, type Question } from "./init-answers";
import { costsOf } from "./init-costs";
import { initialFile, isTakenOver } from "./init-file";
import { tell } from "./output";
import { projectDir } from "./stack";
import { fileOf } from "./stack-file-read";
import { parseYaml } from "./stack-file-yaml";

export interface InitFlags extends Partial<Record<keyof Answers, string>> {
  /** Ask nothing. */
  yes?: boolean;
  /** Overwrite the stack's file. */
  force?: boolean;
  /** False: look up none. */
  checksums: boolean;
}

/** Where it works; tests have their own. */
interface Context {
  folder?: string;
  input?: NodeJS.ReadableStream;
  env?: NodeJS.ProcessEnv;
  lookUp?(stack: string): Promise<unknown>;
}

type Given = Partial<Record<keyof Answers, string>>;

/**
 * @returns the exit code of `config:check` on what it has written
 * @throws UserError in which case nothing is written
 */
export async function init(flags: InitFlags, context: Context = {}): Promise<number> {
  const { folder = projectDir, input = process.stdin, env = process.env } = context;
  const all = questions(env);
  const given = givenBy(flags, all);
  if (given.stack !== undefined) existing(folder, given.stack, flags);
  const open = all.filter(({ key }) => given[key] === undefined);
  await askAll(input, open, ({ key }, answer) => {
    given[key] = answer;
    // Before the other questions, so that nobody answers them in vain.
    if (key === "stack") existing(folder, answer, flags);
  });
  const answers = answersOf(given as Record<keyof Answers, string>);
  const { stack } = answers;
  const name = fileOf(stack);
  writeFileSync(path.join(folder, name), initialFile(answers, existing(folder, stack, flags)));
  tell(`${name} is written`);
  if (flags.checksums) await pin(stack, context.lookUp ?? (() => checksums(undefined, { stack }, { folder })));
  tell(costsOf(answers));
  const exitCode = configCheck({ stack }, folder);
  tell(nextSteps(stack));
  return exitCode;
}

/** What options say, and with --yes what is left out. @throws UserError that names each option that will not do */
function givenBy({ yes, ...flags }: InitFlags, all: readonly Question[]): Given {
  const given: Given = {};
  const errors = all.flatMap(({ key, flag, standard, standardFrom, wrong }) => {
    const answer = flags[key] ?? (yes ? standard : undefined);
    if (answer === undefined) return yes ? [`${flag}: required with --yes`] : [];
    given[key] = answer;
    const why = wrong(answer);
    return why === undefined ? [] : [`${flags[key] === undefined ? (standardFrom ?? flag) : flag}: ${why}`];
  });
  if (errors.length > 0) throw new UserError(`nothing was written:\n${errors.map((one) => `  ${one}`).join("\n")}`);
  return given;
}

/** What the stack's file holds. @throws UserError where a new one would lose some of that, or it cannot be read */
function existing(folder: string, stack: string, { force }: InitFlags): unknown {
  const file = path.join(folder, fileOf(stack));
  if (!existsSync(file)) return undefined;
  const { value, broken } = parseYaml(readFileSync(file, "utf8"));
  if (broken.length > 0) {
    const [{ line, text }] = broken;
    throw new UserError(`${fileOf(stack)} is there already, and its line ${line} is ${text}; delete or mend it first`);
  }
  if (force || isTakenOver(value)) return value;
  throw new UserError(
    `${fileOf(stack)} is there already, and was left as it is; take another name, or --force to write it anew ` +
      "(its settings and their secrets are lost then)",
  );
}

/** A file without checksums is a beginning too: `config:check` tells what it lacks. */
async function pin(stack: string, lookUp: (stack: string) => Promise<unknown>): Promise<void> {
  try {
    await lookUp(stack);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    tell(`${error.message}; look the checksums up later: npm run checksums -- --stack ${stack}`);
  }
}

const nextSteps = (stack: string): string =>
  [
    "",
    "What comes next (docs/first-deploy.md):",
    `  npx pulumi stack init ${stack}`,
    `  npx pulumi config set --secret gitlab:token --stack ${stack}    # scopes create_runner, manage_runner, read_api`,
    `  npm run preview -- --stack ${stack}`,
    `  npm run deploy -- --stack ${stack}`,
  ].join("\n");
