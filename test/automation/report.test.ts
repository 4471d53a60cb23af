/** Reports of recorded previews, held against golden files. */
import { expect } from "chai";
import { markdown, noteLimit } from "../../automation/report/markdown";
import { reportOf } from "../../automation/report/report";
import { scenarios } from "./scenarios";
import { expectGolden, recorded } from "./support";

const failing = ["wrong-settings", "provider-failure"];

const reportFor = (name: string) =>
  reportOf("sandbox", { events: recorded(name), failure: failing.includes(name) ? "the program failed" : undefined });

describe("the report of a preview", () => {
  for (const { name } of scenarios) {
    it(`is the golden one: ${name}`, () => {
      const text = markdown(reportFor(name), { limit: noteLimit });
      expect(text.length).to.be.at.most(noteLimit);
      expectGolden(`${name}.md`, text);
    });
  }

  it("does not depend on the order of the events", () => {
    for (const { name } of scenarios) {
      const events = recorded(name);
      // A replacement's three steps keep their order; which resource comes first is up to the engine.
      const urns = [...new Set(events.map((event) => event.resourcePreEvent?.metadata.urn))].reverse();
      const turned = urns.flatMap((urn) => events.filter((event) => event.resourcePreEvent?.metadata.urn === urn));
      const failure = failing.includes(name) ? "the program failed" : undefined;
      expect(markdown(reportOf("sandbox", { events: turned, failure })), name).to.equal(markdown(reportFor(name)));
    }
  });

  it("holds no secret and nothing of config.toml", () => {
    for (const { name } of scenarios) {
      const report = reportFor(name);
      const text = markdown(report) + JSON.stringify(report);
      expect(text, name).not.to.match(
        /gl(rt|pat)-[A-Za-z0-9]|PRIVATE KEY|\[\[runners\]\]|4dabf18193072939515e22adb298388d/,
      );
    }
  });
});
