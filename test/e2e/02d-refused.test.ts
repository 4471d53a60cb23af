/** A whole deployment that AWS refuses, of something that neither the program nor the provider looks at. */
import { expect } from "chai";
import { deploy, pulumi } from "../support/engine";
import { scratch } from "../support/scratch";
import { useSandbox } from "../support/sandbox";
import { withSettings } from "../support/stack";

describe("a deployment that AWS refuses", () => {
  useSandbox();
  const folder = scratch();
  after("as it was", async () => {
    await deploy();
    folder.remove();
  });

  it("passes the preview, and fails with the services' own errors", async () => {
    const file = await withSettings(folder, { "aws:defaultTags": { tags: { "k%": "v" } } });
    expect((await pulumi(["preview", "--config-file", file])).exitCode).to.equal(0);
    const { exitCode, all } = await pulumi(["up", "--yes", "--skip-preview", "--config-file", file]);
    expect(exitCode).to.not.equal(0);
    // Some services state the characters in their models, others in their documents; EC2 takes this key. Which resource the
    // engine comes to before it stops is a matter of time.
    expect(all).to.match(
      /Value 'k%' at 'tags[\w.]*' failed to satisfy constraint|Tags must satisfy regular expression/,
    );
  });
});
