/** `npm run bench -- … --against REVISION`: what is refused before anything is measured. */
import { expect } from "chai";
import type { Bed } from "../../bench/driver/bed";
import { driver } from "../../bench/driver";
import { earlierDriver } from "../../bench/driver/earlier";
import { whyNot } from "../../bench/lib/names";
import { UserError } from "../../sandbox/report";
import { scratch } from "../support/scratch";

describe("a revision to measure against", () => {
  const folder = scratch();
  after(() => folder.remove());

  it("is refused for a benchmark that knows of none, also beside one that does", () => {
    const benchmarks = { driver: { takesRevision: true as const }, program: {} };
    const why = "--against: program cannot measure another revision; driver can";
    expect(whyNot(["program"], "HEAD", benchmarks)).to.equal(why);
    expect(whyNot(["driver", "program"], "HEAD", benchmarks)).to.equal(why);
    expect(whyNot(["driver"], "HEAD", benchmarks)).to.equal(undefined);
    expect(whyNot(["driver", "program"], undefined, benchmarks)).to.equal(undefined);
    expect(whyNot(["toString"], undefined, benchmarks)).to.match(
      /^no benchmark 'toString'; there are driver, program$/,
    );
    expect(driver.takesRevision).to.equal(true);
  });

  it("is told not to be built, and how it is", async () => {
    const failure = await earlierDriver({} as Bed, "HEAD", folder.dir).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(UserError);
    expect(failure)
      .to.have.property("message")
      .that.matches(/^--against: the driver of HEAD is not built; run the bench without SANDBOX_NETWORK/);
  });
});
