/** The configuration that this run of the program was given, with what only the stack's file shows of it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type * as yaml from "yaml";
import { isEncrypted, isSuspicious, type StackFile } from "./stack-file";
import { structured } from "./values";

export interface Run {
  /** The stack's file, which need not be there. */
  file: string;
  project: string;
}

/** Pulumi runs the program in the project's folder. */
const thisRun = (): Run => ({
  file: path.resolve(`Pulumi.${pulumi.getStack()}.yaml`),
  project: pulumi.getProject(),
});

/**
 * The stack's file where it has something to show, else the run's configuration in the form of one. Pulumi hands keys on
 * with a namespace, and secrets decrypted.
 */
export function configurationAsFile(all: Record<string, string>, run: Run = thisRun()): StackFile {
  return suspiciousFile(all, run) ?? { config: Object.fromEntries(Object.entries(all).map(sealed)) };
}

/** Of a list or object, all is a secret where anything in it is. */
function sealed([key, text]: [string, string]): [string, unknown] {
  return [key, isSecret(key) ? { secure: "" } : structured(text)];
}

/** The SDK has it for its own use: without it, nothing is told from the configuration alone. */
function isSecret(key: string): boolean {
  const { isConfigSecret = () => true } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return isConfigSecret(key);
}

/** Undefined where there is none, where it is fine, or where this run has its configuration from another file. */
function suspiciousFile(all: Record<string, string>, { file, project }: Run): StackFile | undefined {
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  if (!isSuspicious(text)) return undefined;
  // Only here: to load the parser takes longer than all checks.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { parse } = require("yaml") as typeof yaml;
  try {
    const parsed = parse(text, { merge: true }) as StackFile | null;
    return parsed !== null && isInForce(parsed, all, project) ? parsed : undefined;
  } catch {
    // This run has its configuration, and so from another file.
    return undefined;
  }
}

/** Of two that are one setting, one is in force. */
function isInForce({ config }: StackFile, all: Record<string, string>, project: string): boolean {
  const entries = Object.entries(config ?? {});
  const full = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  return entries.every(([key]) =>
    entries.some(([other, value]) => full(other) === full(key) && agrees(value, all[full(key)])),
  );
}

/** Whether a value of the file is what the run was given; what holds a secret is known to the engine only. */
function agrees(value: unknown, given: string | undefined): boolean {
  if (given === undefined) return false;
  if (typeof value !== "object" || value === null) return typeof value !== "string" || value === given;
  // Pulumi hands an object's keys on in another order.
  return holdsEncrypted(value) || isDeepStrictEqual(value, structured(given));
}

function holdsEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isEncrypted(value) || Object.values(value).some(holdsEncrypted);
}
