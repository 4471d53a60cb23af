/** `config:check`: what the program would say of a stack file, told without engine, credentials, AWS and GitLab. */
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { newKeyPair } from "../components/host/key-pair";
import { setToken, tokenErrors } from "../components/settings/gitlab-access";
import { parseSettings } from "../components/settings/settings";
import { fileErrors, isEncrypted } from "../components/settings/stack-file";
import { warningsOf } from "../components/settings/warnings";
import { record } from "../components/settings/values";
import { kindOf } from "../components/settings/values-shown";
import { tell, write } from "./output";
import { projectDir } from "./stack";
import { elsewhere, giverOf, type Elsewhere } from "./stack-file-elsewhere";
import { lineOf } from "./stack-file-place";
import { fileOf, readStackFile } from "./stack-file-read";
import { encryptedIn, settingErrors, settingsIn, written, type Config } from "./stack-file-settings";
import { parseYaml } from "./stack-file-yaml";

export interface ConfigCheckFlags {
  stack: string;
  configFile?: string;
}

/** @returns the exit code: 1 for errors */
export function configCheck({ stack, configFile }: ConfigCheckFlags, folder = projectDir): number {
  const file = configFile ?? path.join(folder, fileOf(stack));
  const project = path.join(folder, "Pulumi.yaml");
  const projectText = existsSync(project) ? readFileSync(project, "utf8") : "";
  const found = checkStackFile(readStackFile(file, stack), process.env, projectText);
  const { errors, warnings, encrypted, notRead, unknown } = found;
  const name = configFile ?? fileOf(stack);
  const told = (kind: string, all: readonly Finding[]) =>
    all.map(({ line, text }) => `${name}${line === undefined ? "" : `:${line}`}: ${kind}: ${text}\n`);
  write("-", [...told("error", errors), ...told("warning", warnings)].join(""));
  if (encrypted.length > 0) tell(`encrypted, and so not looked at: ${encrypted.join(", ")}`);
  if (encrypted.includes("gitlab:baseUrl")) tell("nor was what depends on gitlab:baseUrl");
  if (notRead.length > 0) tell(`in Pulumi.yaml, and so not looked at: ${notRead.join(", ")}`);
  if (unknown && errors.length === 0) tell("without what was not looked at, it is not known what else would be told");
  tell(`${name}: ${count(errors.length, "error")}, ${count(warnings.length, "warning")}`);
  return errors.length > 0 ? 1 : 0;
}

const count = (number: number, what: string) => `${number === 0 ? "no" : number} ${what}${number === 1 ? "" : "s"}`;

export interface Finding {
  /** From 1 on; undefined where nothing of the path is in the file. */
  line?: number;
  /** Path, reason, way out. */
  text: string;
}

export interface Findings {
  errors: Finding[];
  warnings: Finding[];
  /** Paths. */
  encrypted: string[];
  /** Keys that Pulumi.yaml gives, with their namespace. */
  notRead: string[];
  /** Whether there may be others, which take what was not looked at. */
  unknown: boolean;
}

/**
 * @param env what the providers read where the file says nothing
 * @param project the text of Pulumi.yaml, whose own configuration holds where the file says nothing
 */
export function checkStackFile(text: string, env: NodeJS.ProcessEnv = process.env, project = ""): Findings {
  const { document, lines, broken, value } = parseYaml(text);
  const placed = (error: string) => ({ line: lineOf(error, document, lines), text: error });
  const errors = broken.length > 0 ? broken : wrongShape(value).map(placed);
  if (errors.length > 0) return { errors, warnings: [], encrypted: [], notRead: [], unknown: true };
  return checkValues(record(value), elsewhere(value, project), placed, env);
}

function checkValues(
  file: Record<string, unknown>,
  others: Elsewhere,
  placed: (error: string) => Finding,
  env: NodeJS.ProcessEnv,
): Findings {
  const config = record(file.config);
  const settings = settingsIn(config);
  const gitlabUrl = config["gitlab:baseUrl"] ?? env.GITLAB_BASE_URL;
  const encrypted = encryptedIn(config);
  const sealed = encrypted.map(written);
  const errors = [
    ...fileErrors(file),
    ...ofToken(config["gitlab:token"], settings),
    ...settingErrors(settings, gitlabUrl).filter((error) => !isOfValue(error, sealed)),
  ];
  const [missing, wrong] = [true, false].map((missing) =>
    errors.filter((error) => (giverOf(error, others) !== undefined) === missing),
  );
  const legal = errors.length === 0 ? warningsIn(settings, gitlabUrl, encrypted) : [];
  const warnings = [...missing, ...(legal ?? []), ...missingToken(config, settings)];
  const withGiver = (warning: string) => [warning, giverOf(warning, others)].filter(Boolean).join("; ");
  return {
    errors: wrong.map(placed),
    warnings: warnings.map((warning) => ({ ...placed(warning), text: withGiver(warning) })),
    encrypted: sealed,
    notRead: others.project,
    unknown: legal === undefined || (wrong.length === 0 && missing.length > 0) || sealed.includes("gitlab:baseUrl"),
  };
}

/** Whether an error is of a value that is encrypted, and not of where that stands. */
const isOfValue = (error: string, sealed: readonly string[]): boolean =>
  sealed.some((path) => {
    const rest = error.startsWith(path) ? error.slice(path.length) : "";
    return /^(: |[.[])/.test(rest) && !rest.startsWith(": unknown key");
  });

/** What is no text is no token, and none that is encrypted. */
function ofToken(token: unknown, settings: Config): string[] {
  if (token === undefined || isEncrypted(token)) return [];
  if (typeof token === "string" || token === null) return tokenErrors(token ?? "", settings);
  return [`gitlab:token: a text is expected, encrypted; it is ${kindOf(token)}; ${setToken}`];
}

/** Of what there are no keys to look at. */
function wrongShape(file: unknown): string[] {
  const isWrong = (value: unknown) => Array.isArray(value) || (typeof value !== "object" && value !== undefined);
  const told = (what: string) => [`config: keys with values are expected; ${what}`];
  if (isWrong(file)) return told(`the file is ${kindOf(file)}`);
  const { config } = record(file);
  return isWrong(config) ? told(`it is ${kindOf(config)}`) : [];
}

/** The environment of this check need not be that of the deployment. */
function missingToken(config: Config, settings: Config): string[] {
  if (config["gitlab:token"] !== undefined || tokenErrors(undefined, settings).length === 0) return [];
  return ["gitlab:token: not in this file; a preview needs it here (encrypted) or in the environment, as GITLAB_TOKEN"];
}

/** With secrets that will do in the place of those that are encrypted; undefined where something else is encrypted. */
function warningsIn(settings: Config, gitlabUrl: unknown, encrypted: readonly PropertyKey[][]): string[] | undefined {
  const copy = structuredClone(settings);
  const pair = newKeyPair("check");
  encrypted.forEach((path, index) => {
    const holder = path.slice(0, -1).reduce<unknown>((value, part) => record(value)[String(part)], copy);
    if (path.at(-1) === "privateKey") record(holder).privateKey = pair.privateKey;
    if (path.at(-1) === "token") record(holder).token = `glrt-${index}`;
    if (written(path) === "host.privateKey") record(holder).publicKey = pair.publicKey;
  });
  try {
    return warningsOf(parseSettings(copy, typeof gitlabUrl === "string" ? gitlabUrl : undefined));
  } catch {
    return undefined;
  }
}
