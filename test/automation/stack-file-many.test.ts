/** Many entries removed from a stack file at once, as if one after the other. */
import { expect } from "chai";
import fc from "fast-check";
import { UserError } from "../../automation/errors";
import { removeEntries } from "../../automation/stack-file";
import { removeGroup } from "../support/groups";

const key = "gitlab-fargate-runners:groups";
const names = ["acme/a", "acme/b", "acme/c", "acme/d", "acme/e"];
const file = (groups: string) => `config:\n  ${key}:${groups}\n  # the region\n  aws:region: eu-west-1\n`;
const lines = (line: (name: string) => string) => names.map((name) => `\n    # ${name}\n    ${line(name)}`).join("");

const files: Record<string, string> = {
  "a list": file(lines((name) => `- path: ${name}\n      tags: [x]`)),
  "a map": file(lines((name) => `${name}: {} # of ${name}`)),
  "a list in one line": file(` [ ${names.join(", ")} ]`),
  "a map in one line": file(` { ${names.map((name) => `${name}: { tags: [x] }`).join(", ")} }`),
};

describe("many groups removed at once", () => {
  for (const [what, text] of Object.entries(files)) {
    it(`leave ${what} as if they were removed one after the other, in whatever order they are named`, () => {
      fc.assert(
        fc.property(fc.shuffledSubarray(names, { minLength: 1 }), (gone) => {
          expect(removeEntries(text, "groups", gone)).to.equal(gone.reduce(removeGroup, text));
        }),
        { numRuns: 40 },
      );
    });
  }

  it("are judged together: what one of them hangs on may go with it", () => {
    const anchored = file(
      "\n    - { path: acme/a, tags: &tags [x] }\n    - { path: acme/b, tags: *tags }\n    - acme/c",
    );
    expect(removeEntries(anchored, "groups", ["acme/a", "acme/b"])).to.equal(file("\n    - acme/c"));
    expect(() => removeEntries(anchored, "groups", ["acme/a", "acme/c"])).to.throw("edit it by hand");
  });

  it("are each named once, and are all there", () => {
    const remove = (...gone: string[]) => removeEntries(files["a list"], "groups", gone);
    expect(() => remove("acme/a", "Acme/A")).to.throw(UserError, '"Acme/A" is to be removed twice');
    expect(() => remove("acme/a", "acme/x")).to.throw(UserError, 'has no "acme/x"; it has acme/a, acme/b');
  });
});
