import { expect } from "chai";
import { schedule, type Task } from "./schedule";

/** Runs tasks that end when told to. */
function start(tasks: Task[], limit: number) {
  const running = new Map<string, () => void>();
  const order: string[] = [];
  const ended = schedule(tasks, limit, ({ name }) => {
    order.push(name);
    return new Promise<void>((resolve) => running.set(name, resolve));
  });
  return {
    ended,
    order,
    running: () => [...running.keys()],
    async end(name: string) {
      running.get(name)!();
      running.delete(name);
      // Lets the schedule see it, which takes several turns of the microtask queue.
      await new Promise(setImmediate);
    },
  };
}

describe("a schedule", () => {
  it("runs as many tasks at a time as it may, in their order", async () => {
    const work = start([{ name: "a" }, { name: "b" }, { name: "c" }], 2);
    expect(work.running()).to.deep.equal(["a", "b"]);
    await work.end("b");
    expect(work.running()).to.deep.equal(["a", "c"]);
    await work.end("a");
    await work.end("c");
    await work.ended;
  });

  it("starts a task after those that it names, and others meanwhile", async () => {
    const work = start([{ name: "a" }, { name: "b", after: ["a", "not chosen"] }, { name: "c" }], 3);
    expect(work.running()).to.deep.equal(["a", "c"]);
    await work.end("a");
    expect(work.running()).to.deep.equal(["c", "b"]);
    await work.end("b");
    await work.end("c");
    await work.ended;
  });

  it("runs those that are last after all others, beside one another", async () => {
    const last = ["a", "d", "e"].map((name) => ({ name, last: true }));
    const work = start([last[0], { name: "b" }, { name: "c", after: ["b"] }, ...last.slice(1)], 2);
    expect(work.running()).to.deep.equal(["b"]);
    await work.end("b");
    expect(work.running()).to.deep.equal(["c"]);
    await work.end("c");
    expect(work.running(), "however few are side by side before").to.deep.equal(["a", "d", "e"]);
    await work.end("d");
    await work.end("a");
    await work.end("e");
    await work.ended;
    expect(work.order).to.deep.equal(["b", "c", "a", "d", "e"]);
  });

  it("refuses tasks that wait for one another", async () => {
    const tasks = [
      { name: "a", after: ["b"] },
      { name: "b", after: ["a"] },
    ];
    const message = await start(tasks, 2).ended.then(String, (error: Error) => error.message);
    expect(message).to.equal("tasks wait for one another: a, b");
  });
});
