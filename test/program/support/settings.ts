/** Settings that tests start from. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { parseSettings } from "../../../components/settings/settings";
import { newKeyPair } from "../../../components/host/key-pair";

/** A pair in OpenSSH's format; the newline at its end is the CLI's to cut. */
export function makeKeyPair(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = newKeyPair("test");
  return { publicKey, privateKey: privateKey.trimEnd() };
}

const pair = makeKeyPair();
export const { publicKey, privateKey } = pair;
export const sha256 = "ab".repeat(32);

/** All that a runner can be told, but for its variables. */
export const allRunnerSettings = {
  outputLimit: 16384,
  featureFlags: { FF_USE_FASTZIP: true, FF_TIMESTAMPS: false },
  preGetSourcesScript: "echo 'a'\n[[runners]]\necho b",
  postGetSourcesScript: "git log",
  preBuildScript: "date",
  postBuildScript: "df",
  customBuildDir: false,
  cloneUrl: "https://git.internal",
  requestConcurrency: 4,
};

type Raw = Record<string, unknown>;

/** The least that is accepted, changed by `over`; `over.host` is merged. */
export function raw(over: Raw = {}): Raw {
  const host = { ...pair, adminCidrs: ["203.0.113.0/24"], runner: { sha256 } };
  return { groups: ["acme/backend"], ...over, host: { ...host, ...(over.host as Raw) } };
}

/** What is told of wrong settings: the lines of the error without its headline; none where they are right. */
export function errorsOf(settings: Raw): string[] {
  try {
    parseSettings(settings);
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}
