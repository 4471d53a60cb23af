import { expect } from "chai";
import { cacheFailures } from "./caches";

const log = (...lines: string[]) => lines.map((line) => `2026-11-27T20:00:00.000000Z 01O ${line}`).join("\r\n");

describe("what a job's log says of its cache", () => {
  it("is no failure where there is none yet, or where it is found and filled", () => {
    const cold = log(
      "\x1b[32;1mChecking cache for default-protected...\x1b[0;m",
      "WARNING: file does not exist                        ",
      "\x1b[0;33mFailed to extract cache\x1b[0;m",
    );
    const unseen = log(
      "Checking cache for default...",
      "WARNING: … StatusCode: 403, …: This 403 is expected if the file doesn't exist. See the behavior of HeadObject",
      "Failed to extract cache",
    );
    const warm = log("Checking cache for default...", "Successfully extracted cache", "Created cache");
    expect(cacheFailures([cold, unseen, warm].join("\n"))).to.deep.equal([]);
  });

  for (const [what, lines, expected] of [
    [
      "an older gitlab-runner in the image",
      [
        "Checking cache for default...",
        "FATAL: flag provided but not defined: -alternate-url",
        "Failed to extract cache",
      ],
      ["FATAL: flag provided but not defined: -alternate-url", "Failed to extract cache"],
    ],
    ["no gitlab-runner", ["Missing gitlab-runner. Creating cache is disabled."], undefined],
    [
      "a bucket that refuses",
      ["Checking cache for a...", "WARNING: received: 403 Forbidden", "Failed to extract cache"],
      undefined,
    ],
    [
      "an archive that is not stored",
      ["Creating cache default...", "FATAL: received: 403", "Failed to create cache"],
      undefined,
    ],
    [
      "a second cache after one that is not there yet",
      ["Checking cache for a...", "WARNING: file does not exist", "Failed to extract cache"].concat([
        "Checking cache for b...",
        "Failed to extract cache",
      ]),
      undefined,
    ],
  ] as [string, string[], string[] | undefined][]) {
    it(`is a failure with ${what}`, () => {
      const found = cacheFailures(log(...lines)).map((line) => line.replace(/^\S+ \S+ /, "").trim());
      expect(found).to.deep.equal(expected ?? lines.slice(-1));
    });
  }
});
