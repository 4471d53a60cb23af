import { expect } from "chai";
import fc from "fast-check";
import { memoryByCpu, whyIllegal, whyUnusable } from "../../components/settings/fargate-sizes";

/**
 * AWS's rules in words of arithmetic, apart from the table: 2 to 8 GiB a vCPU, in the size's steps, but for the
 * largest.
 */
function allowed(cpu: number, memory: number): boolean {
  if (![256, 512, 1024, 2048, 4096, 8192, 16384].includes(cpu)) return false;
  if (cpu === 256) return [512, 1024, 2048].includes(memory);
  const step = cpu === 8192 ? 4096 : cpu === 16384 ? 8192 : 1024;
  const most = { 4096: 30720, 8192: 61440, 16384: 122880 }[cpu] ?? cpu * 8;
  return memory % step === 0 && memory >= cpu * 2 && memory <= most;
}

describe("Fargate sizes", () => {
  it("accept exactly AWS's pairs", () => {
    const cpu = fc.oneof(fc.constantFrom(...memoryByCpu.keys()), fc.integer({ min: -1, max: 40000 }));
    const memory = fc.oneof(
      fc.integer({ min: 0, max: 128 }).map((gib) => gib * 1024),
      fc.integer({ min: 0, max: 130000 }),
    );
    fc.assert(
      fc.property(cpu, memory, (c, m) => (whyIllegal(c, m) === undefined) === allowed(c, m)),
      { numRuns: 5000 },
    );
  });

  it("have as many pairs as AWS lists", () => {
    expect([...memoryByCpu.values()].map((list) => list.length)).to.deep.equal([3, 4, 7, 13, 23, 12, 12]);
  });

  it("say what there is instead", () => {
    expect(whyIllegal(256, 4096)).to.equal("Fargate has no memory 4096 MiB with cpu 256; it has 512, 1024, 2048");
    expect(whyIllegal(8192, 17000)).to.match(/it has 16384 to 61440 in steps of 4096$/);
    expect(whyIllegal(300, 512)).to.match(/^Fargate has no cpu 300; it has 256, 512,/);
  });

  it("can be reached within their bounds, or the bounds are refused", () => {
    const cpu = fc.option(fc.constantFrom(...memoryByCpu.keys()), { nil: undefined });
    const memory = fc.option(fc.integer({ min: 512, max: 122880 }), { nil: undefined });
    const reachable = (maxCpu: number, maxMemory: number) =>
      memoryByCpu.get(maxCpu)!.some((one) => one <= maxMemory && allowed(maxCpu, one));
    fc.assert(
      fc.property(cpu, memory, (c, m) => {
        const usable = c === undefined || m === undefined || reachable(c, m);
        expect(whyUnusable(c, m) === undefined).to.equal(usable);
      }),
    );
  });
});
