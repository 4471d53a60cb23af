import { expect } from "chai";
import { readable } from "../../../sandbox/page/client/trace-line.mjs";
import { plain } from "../../../sandbox/report";

describe("a line of a job's log", () => {
  for (const [what, line, shown] of [
    ["the runner's timestamp", "2026-11-28T10:00:00.123456Z 01O text", "text"],
    ["the timestamp of a line that goes on", "2026-11-28T10:00:00.123456Z 01E+text", "text"],
    ["a section's marker", "section_start:1795860000:step_script\r\x1b[0Ktext", "text"],
    ["what was written over", "10 %\r20 %\rdone\r", "done"],
    ["sequences other than colours", "\x1b[2K\x1b[1mmost\x1b[0;m of them\x1b[?25l", "\x1b[1mmost\x1b[0;m of them"],
    ["an escape that begins no sequence", "a\x1b]b\x1b[12", "a]b[12"],
  ]) {
    it(`is shown without ${what}`, () => expect(readable(line)).to.equal(shown));
  }

  it("has no colours where it is plain", () => expect(plain("\x1b[32;1m$ make\x1b[0;m")).to.equal("$ make"));
});
