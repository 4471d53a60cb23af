/** `config:check`: what the program would say of a stack file, told without engine, credentials, AWS and GitLab. */
import * as path from "node:path";
import { LineCounter, parseDocument, type Document } from "yaml";
import { newKeyPair } from "../components/host/key-pair";
import { tokenErrors } from "../components/settings/gitlab-access";
import { parseSettings } from "../components/settings/settings";
import { fileErrors } from "../components/settings/stack-file";
import { warningsOf } from "../components/settings/warnings";
import { record } from "../components/settings/values";
import { tell, write } from "./output";
import { projectDir } from "./stack";
import { lineOf } from "./stack-file-place";
import { fileOf, readStackFile } from "./stack-file-read";
import { encryptedIn, settingErrors, settingsIn, written, type Config } from "./stack-file-settings";

export interface ConfigCheckFlags {
  stack: string;
  configFile?: string;
}

/** @returns the exit code: 1 for errors */
export function configCheck({ stack, configFile }: ConfigCheckFlags, folder = projectDir): number {
  const file = configFile ?? path.join(folder, fileOf(stack));
  const { errors, warnings, encrypted, unknown } = checkStackFile(readStackFile(file, stack));
  const name = configFile ?? fileOf(stack);
  const told = (kind: string, all: readonly Finding[]) =>
    all.map(({ line, text }) => `${name}${line === undefined ? "" : `:${line}`}: ${kind}: ${text}\n`);
  write("-", [...told("error", errors), ...told("warning", warnings)].join(""));
  if (encrypted.length > 0) tell(`encrypted, and so not looked at: ${encrypted.join(", ")}`);
  if (unknown) tell("without what is encrypted, it is not known what else would be warned of");
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
  /** Whether there may be other warnings, which take what is encrypted. */
  unknown: boolean;
}

/** @param env what the providers read where the file says nothing */
export function checkStackFile(text: string, env: NodeJS.ProcessEnv = process.env): Findings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors.map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    text: `no valid YAML: ${message.split("\n")[0]}`,
  }));
  if (broken.length > 0) return { errors: broken, warnings: [], encrypted: [], unknown: true };
  return checkDocument(document, (error) => ({ line: lineOf(error, document, lines), text: error }), env);
}

function checkDocument(document: Document, placed: (error: string) => Finding, env: NodeJS.ProcessEnv): Findings {
  const file = record(document.toJS());
  const config = record(file.config);
  const settings = settingsIn(config);
  const gitlabUrl = config["gitlab:baseUrl"] ?? env.GITLAB_BASE_URL;
  const encrypted = encryptedIn(config);
  const sealed = encrypted.map(written);
  const ofSealed = (error: string) =>
    sealed.some((path) => error.startsWith(path) && /^(: |[.[])/.test(error.slice(path.length)));
  const errors = [...fileErrors(file), ...ofToken(config, settings), ...settingErrors(settings, gitlabUrl)];
  const told = errors.filter((error) => !ofSealed(error));
  const legal = told.length === 0 ? warningsIn(settings, gitlabUrl, encrypted) : [];
  return {
    errors: told.map(placed),
    warnings: [...(legal ?? []), ...missingToken(config, settings)].map(placed),
    encrypted: sealed,
    unknown: legal === undefined,
  };
}

/** Of one in plain text. */
const ofToken = (config: Config, settings: Config): string[] => {
  const token = config["gitlab:token"];
  return typeof token === "string" ? tokenErrors(token, settings) : [];
};

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
