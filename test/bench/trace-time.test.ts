import { expect } from "chai";
import { lineAt } from "../../bench/driver/trace-time";

const trace = [
  "2026-11-25T03:00:00.100000Z 00O Running with gitlab-runner 19.4.0",
  '2026-11-25T03:00:01.000000Z 01O \x1b[32;1m$ echo the-first-""line\x1b[0;m',
  "2026-11-25T03:00:01.250000Z 01O the-first-line",
  "2026-11-25T03:00:09.000000Z 01O the-first-line",
  "",
].join("\n");

describe("times in a job's log", () => {
  it("are those of the first line that is the text alone", () => {
    expect(lineAt(trace, "the-first-line")).to.equal(Date.parse("2026-11-25T03:00:01.250Z"));
  });

  it("are found with carriage returns and colours around the text", () => {
    expect(lineAt("2026-11-25T03:00:02Z 01E \x1b[0;mdone\x1b[0;m\r\n", "done")).to.equal(
      Date.parse("2026-11-25T03:00:02Z"),
    );
  });

  it("are missing where the line is, or has no time: the log is told", () => {
    expect(() => lineAt(trace, "another line")).to.throw("no line 'another line' with a time:\n2026-11-25T03:00:00.1");
    expect(() => lineAt("the-first-line\n", "the-first-line")).to.throw("no line");
  });
});
