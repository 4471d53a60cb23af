import { expect } from "chai";
import { interleave } from "../../bench/lib/rounds";

describe("interleaved rounds", () => {
  it("run each contestant once a round, beginning with another one, and do not count the first round", async () => {
    const ran: string[] = [];
    let now = 0;
    const contestant = (name: string) => async () => {
      ran.push(name);
      return `${name}${now++}`;
    };
    const samples = await interleave({ a: contestant("a"), b: contestant("b"), c: contestant("c") }, { rounds: 3 });
    expect(ran.join("")).to.equal("abc" + "bca" + "cab" + "abc");
    expect(samples).to.deep.equal({
      a: ["a5", "a7", "a9"],
      b: ["b3", "b8", "b10"],
      c: ["c4", "c6", "c11"],
    });
  });

  it("run one contestant at a time", async () => {
    let running = 0;
    const alone = async () => {
      expect(running++).to.equal(0);
      await new Promise(setImmediate);
      running--;
    };
    await interleave({ a: alone, b: alone }, { rounds: 4 });
  });

  it("end with a contestant's error", async () => {
    const fails = async () => Promise.reject(new Error("no task"));
    const error = await interleave({ fails }, { rounds: 1 }).catch((reason: Error) => reason);
    expect(error).to.have.property("message", "no task");
  });

  it("end when they are interrupted, before the next contestant", async () => {
    const interrupted = new AbortController();
    const ran: string[] = [];
    const error = await interleave(
      {
        a: async () => {
          ran.push("a");
          interrupted.abort(new Error("interrupted"));
        },
        b: async () => ran.push("b"),
      },
      { rounds: 2, signal: interrupted.signal },
    ).catch((reason: Error) => reason);
    expect(error).to.have.property("message", "interrupted");
    expect(ran).to.deep.equal(["a"]);
  });
});
