import { expect } from "chai";
import { shortenStackTraces } from "../../components/stack-traces";

describe("stack traces", () => {
  const { stackTraceLimit } = Error;
  beforeEach(() => (Error.stackTraceLimit = 10));
  after(() => (Error.stackTraceLimit = stackTraceLimit));

  const limitWith = (options: string[], debuggerAddress?: string): number => {
    shortenStackTraces(options, debuggerAddress);
    return Error.stackTraceLimit;
  };

  it("are short, as the SDK keeps one for each property of each resource", () => {
    expect(limitWith([])).to.equal(2);
    expect(limitWith(["--require", "./scripts/compile-cache.cjs --enable-source-maps"])).to.equal(2);
  });

  it("are as long as whoever looks for an error asks Node for", () => {
    expect(limitWith(["--stack-trace-limit=50"])).to.equal(10);
    expect(limitWith(["--trace-warnings --stack_trace_limit 50"])).to.equal(10);
  });

  it("are whole under a debugger", () => {
    expect(limitWith([], "ws://127.0.0.1:9229/1")).to.equal(10);
  });
});
