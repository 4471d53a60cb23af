/** Recorded events of the engine, and the reports that are made of them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { expect } from "chai";

export function recorded(name: string): EngineEvent[] {
  const text = readFileSync(path.join(__dirname, "fixtures", `${name}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EngineEvent);
}

/** Compares with the file under golden/, or writes it with UPDATE_GOLDEN=1. */
export function expectGolden(name: string, text: string): void {
  const file = path.join(__dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(existsSync(file), `${file}: none; UPDATE_GOLDEN=1 writes it`).to.equal(true);
  expect(text).to.equal(readFileSync(file, "utf8"));
}
