import * as fs from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import {
  dashboardName,
  entryKey,
  hostName,
  jobTags,
  stackTag,
  taskFamily,
  type EntryKind,
} from "../../components/names";
import { folders } from "../../components/project";

const kind = fc.constantFrom<EntryKind>("group", "project", "instance");
/** Anything, and what looks like a key's own parts. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.integer({ min: 1 }).map(String),
  fc.constantFrom("a/b", "group/a", "ID:1", "1"),
);
const what = fc.oneof(
  text.filter((path) => !path.includes(":")),
  fc.integer({ min: 1 }),
);

describe("names", () => {
  it("of entries are the same for the same entry, and others for another one, whatever its path", () => {
    fc.assert(
      fc.property(kind, what, kind, what, (kindA, a, kindB, b) => {
        const same = kindA === kindB && a === b;
        expect(entryKey(kindA, a) === entryKey(kindB, b)).to.equal(same);
        expect(entryKey(kindA, a)).to.equal(entryKey(kindA, a));
      }),
    );
    expect(entryKey("group", "id7")).to.equal("group/id7");
    expect(entryKey("group", 7)).to.equal("group/id:7");
  });

  it("of task definitions are what ECS takes, and differ by stack and size", () => {
    const stack = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/),
      fc.integer({ min: 101, max: 300 }).map((length) => "a.".repeat(length).slice(0, length)),
      fc.string({ unit: "grapheme", minLength: 1 }),
    );
    const size = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,30}$/);
    fc.assert(
      fc.property(stack, stack, size, size, (stackA, stackB, sizeA, sizeB) => {
        const family = taskFamily(stackA, sizeA);
        expect(family).to.match(/^[A-Za-z0-9_-]{1,255}$/);
        if (sizeA !== sizeB) {
          expect(family).to.not.equal(taskFamily(stackA, sizeB));
          expect(family).to.not.equal(taskFamily(stackB, sizeB));
          expect(taskFamily(`${stackA}-${sizeA}`, sizeB)).to.not.equal(taskFamily(stackA, `${sizeA}-${sizeB}`));
        }
        if (stackA !== stackB) expect(family).to.not.equal(taskFamily(stackB, sizeA));
      }),
    );
    expect(taskFamily("prod", "large")).to.equal("gitlab-fargate-runners-prod_large");
    expect(taskFamily("eu.prod", "large")).to.match(/^gitlab-fargate-runners-eu-prod-[0-9a-f]{8}_large$/);
  });

  it("of dashboards are what CloudWatch takes, and differ by stack", () => {
    const stack = fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/);
    fc.assert(
      fc.property(stack, stack, (a, b) => {
        expect(dashboardName(a)).to.match(/^[A-Za-z0-9_-]{1,255}$/);
        if (a !== b) expect(dashboardName(a)).to.not.equal(dashboardName(b));
      }),
    );
    expect(dashboardName("prod")).to.equal("gitlab-fargate-runners-prod");
    expect(dashboardName("dev.eu")).to.match(/^gitlab-fargate-runners-dev-eu-[0-9a-f]{8}$/);
  });

  it("of tags are those that the driver knows", () => {
    const source = (file: string) => fs.readFileSync(`${folders.driver}/internal/${file}`, "utf8");
    expect(source("task/survey.go")).to.contain(`StackTag = "${stackTag}"`);
    const set = [...source("job/job.go").matchAll(/"(gitlab-[a-z-]+)"/g)].map(([, key]) => key);
    expect(set).to.have.members([...jobTags]);
  });

  it("of hosts begin with the plain one", () => {
    expect([0, 1, 2].map((index) => hostName("host", index))).to.deep.equal(["host", "host-2", "host-3"]);
  });
});
