import { Resource } from "@pulumi/pulumi";
import { expect } from "chai";
import { shortenStackTraces } from "../../components/stack-traces";

describe("stack traces", () => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  beforeEach(() => Object.assign(Error, { stackTraceLimit: 10, prepareStackTrace }));
  after(() => Object.assign(Error, { stackTraceLimit, prepareStackTrace }));

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

  /** What the SDK notes of a resource, below its own three constructors. */
  const ofResource = () => {
    const { stackTrace } = Resource as unknown as { stackTrace(skip: number): { uri: string }[] };
    const construct = (above: number): { uri: string }[] => (above > 0 ? construct(above - 1) : stackTrace(4));
    return construct(3);
  };

  it("of resources, which the SDK takes as long as they are, have the program's two nearest frames", () => {
    expect(ofResource().length).to.be.greaterThan(2);
    shortenStackTraces([], undefined);
    const shortened = ofResource();
    expect(shortened.length).to.equal(2);
    expect(shortened[0].uri).to.equal(`file://${__filename}`);
  });

  it("of resources are whole for whoever looks for an error", () => {
    shortenStackTraces(["--stack-trace-limit=50"]);
    expect(ofResource().length).to.be.greaterThan(2);
  });
});
