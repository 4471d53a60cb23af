import { PassThrough } from "node:stream";
import { expect } from "chai";
import { UserError } from "../../../sandbox/report";
import { agreeToPackages, type Asked } from "../../../sandbox/setup/agree";

describe("packages of the system", () => {
  /** What was said, and how it ended, with a person who answers. */
  async function ask(
    answer: string,
    { yes = false, isTTY = true, ...asked }: Partial<Asked> & { yes?: boolean; isTTY?: boolean },
  ) {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = new PassThrough();
    input.write(`${answer}\n`);
    const error = await agreeToPackages(yes, { missing: ["runc", "umoci"], ci: false, input, output, ...asked }).then(
      () => undefined,
      (reason: Error) => reason,
    );
    return { error, said: String(output.read() ?? "") };
  }

  for (const [answer, fine] of [
    ["", true],
    ["y", true],
    ["Yes", true],
    ["n", false],
    ["what?", false],
  ] as const) {
    it(`are listed and asked for on a terminal: "${answer}" ${fine ? "agrees" : "does not"}`, async () => {
      const { error, said } = await ask(answer, {});
      expect(said).to.contain("apt-get install --no-install-recommends runc umoci").and.contain("[Y/n]");
      expect(error === undefined).to.equal(fine);
      if (!fine) expect(error).to.be.instanceOf(UserError);
    });
  }

  for (const [where, asked] of Object.entries({
    "--yes": { yes: true },
    CI: { ci: true },
    "no terminal": { isTTY: false },
  })) {
    it(`are listed without a question where there is ${where}`, async () => {
      const { error, said } = await ask("n", asked);
      expect(error).to.equal(undefined);
      expect(said).to.contain("runc umoci").and.not.contain("[Y/n]");
    });
  }

  it("are no word where none is missing", async () => {
    expect(await ask("n", { missing: [] })).to.deep.equal({ error: undefined, said: "" });
  });
});
