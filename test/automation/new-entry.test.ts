/** What commands write into a stack's file is the same value for every reader of YAML. */
import { expect } from "chai";
import { parse } from "yaml";
import { block, flow } from "../../automation/new-entry";

describe("a value that is written into a stack's file", () => {
  /** Pulumi's parser reads YAML 1.2 with some scalars of 1.1. */
  const readers = [{}, { version: "1.1" as const, schema: "yaml-1.1" as const }];
  const texts = ["1_000", "2025-01-31", "2025-01-31T10:00:00Z", "1:30", "0b1", "0o17", "017", "yes", "off", "y", "~"];

  for (const text of texts) {
    it(`is the text ${text} to readers of YAML 1.1 and 1.2, as a value and as a key`, () => {
      const value = { tags: [text], [text]: { description: text } };
      for (const reader of readers) {
        expect(parse(flow(value), reader)).to.deep.equal(value);
        expect(parse(block(value, 2), reader)).to.deep.equal(value);
        expect(parse(block([text, value], 0), reader)).to.deep.equal([text, value]);
      }
    });
  }

  it("is quoted only where it has to be", () => {
    expect(flow({ "acme/backend": { tags: ["web", "v1.2"], cpu: 1024, protect: true } })).to.equal(
      "{acme/backend: {tags: [web, v1.2], cpu: 1024, protect: true}}",
    );
  });
});
