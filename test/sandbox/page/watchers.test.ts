import { Writable } from "node:stream";
import type { ServerResponse } from "node:http";
import { expect } from "chai";
import type { Snapshot } from "../../../sandbox/page/snapshot";
import { Watchers } from "../../../sandbox/page/watchers";
import { recordsAndSources, startedBy, task } from "./sources";

/** The connection of a browser that reads, or does not. */
class Connection extends Writable {
  text = "";
  private stuck?: () => void;

  constructor(private reads = true) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    if (this.reads) done();
    else this.stuck = done;
  }

  read(): void {
    this.reads = true;
    this.stuck?.();
  }

  /** What came as an event of this name. */
  events<Data>(name: string): Data[] {
    const all = this.text.split("\n\n").filter((event) => event.startsWith(`event: ${name}\n`));
    return all.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)![1]) as Data);
  }
}

type Piece = { text: string; skipped: number };

describe("who watches the sandbox's page", () => {
  const { records, sources } = recordsAndSources();
  let watchers: Watchers;
  beforeEach(() => (watchers = new Watchers(sources)));
  afterEach(() => watchers.stop());

  function watch(connection: Connection, job?: number, offset?: number): Connection {
    watchers.add(connection as unknown as ServerResponse, job, offset);
    return connection;
  }

  it("is sent the state, and again when it has changed", () => {
    records.tasks = [task("a")];
    const connection = watch(new Connection());
    watchers.look();
    expect(connection.events("snapshot")).to.have.length(1);
    records.tasks = [task("a", { lastStatus: "STOPPED" })];
    watchers.look();
    const states = connection.events<Snapshot>("snapshot").map(({ tasks }) => tasks[0].lastStatus);
    expect(states).to.deep.equal(["RUNNING", "STOPPED"]);
  });

  it("is sent the calls and the log of the job that it watches, and of no other", () => {
    records.logs = { 1: Buffer.from("of job 1\n"), 2: Buffer.from("of job 2\n") };
    const call = { at: 0, action: "ecs:RunTask", status: 200 };
    records.calls = [1, 2].map((job) => ({ ...call, id: job, startedBy: startedBy(job) }));
    const connection = watch(new Connection(), 2);
    expect(connection.events<Piece>("log").map(({ text }) => text)).to.deep.equal(["of job 2\n"]);
    expect(connection.events("calls")).to.deep.equal([[records.calls[1]]]);
    records.logs[2] = Buffer.from("of job 2\nmore\n");
    watchers.look();
    expect(connection.events<Piece>("log").map(({ text }) => text)).to.deep.equal(["of job 2\n", "more\n"]);
    expect(connection.events("calls")).to.have.length(1);
  });

  it("goes on where it was when it comes again", () => {
    records.logs = { 1: Buffer.from("first\n") };
    const before = watch(new Connection(), 1);
    const [, id] = /^id: (\d+)$/m.exec(before.text)!;
    records.logs = { 1: Buffer.from("first\nsecond\n") };
    const again = watch(new Connection(), 1, Number(id));
    expect(again.events("log")).to.deep.equal([{ text: "second\n", skipped: 0 }]);
  });

  it("gets whole characters, however the log is cut", () => {
    const text = "é€😀x".repeat(3);
    const whole = Buffer.from(text);
    records.logs = { 1: Buffer.alloc(0) };
    const connection = watch(new Connection(), 1);
    for (let size = 1; size <= whole.length; size++) {
      records.logs = { 1: whole.subarray(0, size) };
      watchers.look();
    }
    const pieces = connection.events<Piece>("log").map(({ text }) => text);
    expect(pieces.join("")).to.equal(text);
    expect(pieces).to.have.length(12);
  });

  it("makes nothing pile up while it does not read, and then gets what is true by then", () => {
    const whole = Buffer.alloc(20_000_000, "x");
    const rounds = 1000;
    records.logs = {};
    records.tasks = [task("a")];
    const connection = watch(new Connection(false), 1);
    for (let round = 1; round <= rounds; round++) {
      records.tasks = [task("a", { memory: round })];
      records.logs = { 1: whole.subarray(0, (whole.length / rounds) * round) };
      watchers.look();
    }
    expect(connection.text.length + connection.writableLength).to.be.below(200_000);

    connection.read();
    watchers.look();
    expect(connection.events<Snapshot>("snapshot").at(-1)!.tasks[0].memory).to.equal(rounds);
    const pieces = connection.events<Piece>("log");
    const sent = pieces.reduce((sum, { text }) => sum + text.length, 0);
    const skipped = pieces.reduce((sum, { skipped }) => sum + skipped, 0);
    expect(sent + skipped).to.equal(whole.length);
    expect(sent).to.be.below(2_000_000);
  });
});
