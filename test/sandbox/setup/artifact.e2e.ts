/** The cache on a real disk, with real locks. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setImmediate as nextTick } from "node:timers/promises";
import { expect } from "chai";
import { ensure, folderOf, type Artifact, type ProgressEvent } from "../../../sandbox/setup/artifact";
import { ensureAll } from "../../../sandbox/setup/schedule";

describe("the cache of artifacts", () => {
  let cache: string;
  let events: string[];
  const onProgress = ({ artifact, state }: ProgressEvent) => void events.push(`${artifact} ${state}`);

  beforeEach(() => {
    cache = mkdtempSync(path.join(os.tmpdir(), "cache-"));
    events = [];
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  const artifact = (name: string, build: Artifact["build"], needs: Artifact[] = []): Artifact => ({
    name,
    inputs: [],
    needs,
    build,
  });
  const writing = (name: string, needs: Artifact[] = []) =>
    artifact(name, ({ dir }) => writeFile(path.join(dir, "content"), name), needs);
  const folders = () => readdirSync(cache).filter((entry) => !["locks", "logs"].includes(entry));
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail("it did not fail"),
      (error: Error) => error.message,
    );

  it("builds what is missing, once", async () => {
    const folder = await ensure(writing("a"), { cache, onProgress });
    expect(readFileSync(path.join(folder, "content"), "utf8")).to.equal("a");
    expect(await ensure(writing("a"), { cache, onProgress })).to.equal(folder);
    expect(events).to.deep.equal(["a building", "a done", "a cached"]);
    expect(folders()).to.deep.equal([path.basename(folder)]);
  });

  it("shows nothing under the final name before it is whole", async () => {
    const a: Artifact = artifact("a", async ({ dir }) => {
      await writeFile(path.join(dir, "half"), "");
      expect(existsSync(folderOf(cache, a))).to.equal(false);
    });
    await ensure(a, { cache, onProgress });
  });

  it("leaves nothing of a failed build, and tells artifact, output and log", async () => {
    const failing = artifact("a", async ({ run }) => {
      await run("sh", ["-c", "echo some output; exit 3"]);
    });
    const message = await failure(ensure(failing, { cache, onProgress }));
    expect(message)
      .to.match(/^building a: sh -c .*exit code 3/)
      .and.contain("some output");
    const [, log] = message.match(/\(all of it: (.*)\)/)!;
    expect(readFileSync(log!, "utf8")).to.contain("some output");
    expect(folders()).to.deep.equal([]);
  });

  it("clears away what a killed build left", async () => {
    const a = writing("a");
    const leftovers = [`${folderOf(cache, a)}.partial`, path.join(cache, "a-0123456789abcdef.scratch")];
    for (const folder of leftovers) {
      mkdirSync(folder);
      writeFileSync(path.join(folder, "old"), "");
    }
    const folder = await ensure(a, { cache, onProgress });
    expect(readdirSync(folder)).to.deep.equal(["content"]);
    expect(folders()).to.deep.equal([path.basename(folder)]);
  });

  it("removes versions that have been out of use for weeks, and keeps the others", async () => {
    const version = (input: string): Artifact => ({ ...writing("a"), inputs: [input] });
    const [old, recent] = [
      await ensure(version("1"), { cache, onProgress }),
      await ensure(version("2"), { cache, onProgress }),
    ];
    const weeksAgo = new Date(Date.now() - 15 * 24 * 3600 * 1000);
    utimesSync(old, weeksAgo, weeksAgo);
    utimesSync(recent, weeksAgo, weeksAgo);
    await ensure(version("2"), { cache, onProgress });
    const newest = await ensure(version("3"), { cache, onProgress });
    expect(folders().sort()).to.deep.equal([recent, newest].map((folder) => path.basename(folder)).sort());
  });

  it("builds once for two that want it at the same time", async () => {
    let builds = 0;
    const a = artifact("a", async ({ run }) => {
      builds++;
      await run("sleep", ["0.1"]);
    });
    await Promise.all([ensure(a, { cache, onProgress }), ensure(a, { cache, onProgress })]);
    expect(builds).to.equal(1);
    expect(events.sort()).to.deep.equal(["a building", "a cached", "a done"]);
  });

  it("ends a build's processes when it is cancelled", async () => {
    const abort = new AbortController();
    const a = artifact("a", async ({ run, dir }) => {
      const running = run("sh", ["-c", `echo $$ > ${dir}/new; mv ${dir}/new ${dir}/../pid; sleep 60`]);
      running.catch(() => {});
      while (!existsSync(path.join(cache, "pid"))) await nextTick();
      abort.abort(new Error("interrupted"));
      await running;
    });
    expect(await failure(ensure(a, { cache, onProgress, signal: abort.signal }))).to.contain("interrupted");
    const pid = readFileSync(path.join(cache, "pid"), "utf8").trim();
    expect(existsSync(`/proc/${pid}`)).to.equal(false);
  });

  it("builds needs first, and no more than so many at a time", async () => {
    let running = 0;
    let most = 0;
    let twoRun = () => {};
    const atOnce = new Promise<void>((resolve) => (twoRun = resolve));
    const slow = (name: string, needs: Artifact[] = []) =>
      artifact(
        name,
        async ({ run, need }) => {
          for (const needed of needs) expect(existsSync(need(needed))).to.equal(true);
          most = Math.max(most, ++running);
          if (running === 2) twoRun();
          await atOnce;
          await run("sleep", ["0.05"]);
          running--;
        },
        needs,
      );
    const [b, c, d] = [slow("b"), slow("c"), slow("d")];
    const a = slow("a", [b, d]);
    const result = await ensureAll([a, b, c, d], { cache, limit: 2, onProgress });
    expect([...result.keys()].sort()).to.deep.equal(["a", "b", "c", "d"]);
    expect(most).to.equal(2);
    expect(events.at(-1)).to.equal("a done");
  });

  it("starts nothing more after a failure and throws that one", async () => {
    const failing = artifact("a", () => Promise.reject(new Error("no space")));
    const message = await failure(
      ensureAll([failing, writing("b", [failing]), writing("c")], { cache, limit: 1, onProgress }),
    );
    expect(message).to.equal("building a: no space");
    expect(events).to.deep.equal(["a building"]);
  });
});
