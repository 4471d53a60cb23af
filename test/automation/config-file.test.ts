/** A stack file given by --config-file, which the program is not told of. */
import { expect } from "chai";
import { refuseWrongFile } from "../../automation/stack-file-check";
import { takePreview } from "../../automation/preview";
import { scratch } from "../support/scratch";

const wrong = "config:\n  groups: [acme/backend]\n  gitlab:token: glpat-s3cret\n";

describe("a stack file in another place", () => {
  it("is refused for keys that nobody reads and for plain secrets", () => {
    expect(() => refuseWrongFile("Pulumi.dev.yaml", wrong))
      .to.throw(
        /^Pulumi\.dev\.yaml is wrong:\n {2}groups: without its namespace;.*\n {2}gitlab:token: in plain text .*$/,
      )
      .with.property("message")
      .that.does.not.contain("s3cret");
  });

  it("is the engine's to refuse where it is no YAML", () => {
    for (const text of ["config: [", "", "- a"]) expect(() => refuseWrongFile("f", text), text).to.not.throw();
  });

  it("is refused before the engine is started", async () => {
    const folder = scratch();
    try {
      const configFile = folder.file("Pulumi.dev.yaml", wrong);
      const failure = await takePreview({ stack: "no-such-stack", configFile }).catch((error: Error) => error.message);
      expect(failure).to.match(/^Pulumi\.dev\.yaml is wrong:/);
    } finally {
      folder.remove();
    }
  });
});
