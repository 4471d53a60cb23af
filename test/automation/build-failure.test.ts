import { expect } from "chai";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { buildTrouble } from "../../automation/build-failure";
import { reportOf } from "../../automation/report/report";

const urn = "urn:pulumi:dev::p::awsx:ecr:Image$docker-build:index:Image::1a2b3c4d";
const said = (severity: string, ...messages: string[]) =>
  messages.map((message) => ({
    sequence: 0,
    timestamp: 0,
    diagnosticEvent: { urn, prefix: "", message, color: "never", severity, streamId: 0, ephemeral: false },
  })) as unknown as EngineEvent[];
const solve =
  'failed to solve: process "/bin/sh -c apk add --no-cache bash nodjs" did not complete successfully: exit code: 2';
const world = "its packages are listed on https://pkgs.alpinelinux.org";

describe("a failed build of the job image", () => {
  it("names the packages that Alpine has not", () => {
    const events = said(
      "error",
      `ERROR: unable to select packages:\n  nodjs (no such package):\n    required by: world[nodjs]\n  zzz (no such package):\n    required by: world[zzz]\n`,
      solve,
    );
    expect(buildTrouble(events)).to.deep.equal([
      `image.packages: Alpine has no package "nodjs"; ${world}`,
      `image.packages: Alpine has no package "zzz"; ${world}`,
    ]);
    const { errors } = reportOf("dev", { events, failure: "failed" });
    expect(errors.slice(0, 2)).to.deep.equal(buildTrouble(events));
    expect(errors).to.have.length(4);
  });

  it("names them in BuildKit's own lines, each with its step and time, once", () => {
    const lines =
      "#7 1.204 ERROR: unable to select packages:\n#7 1.204   nodjs (no such package):\n#7 1.205     required by: world[nodjs]";
    expect(buildTrouble([...said("info", ...lines.split("\n")), ...said("error", `${lines}\n${solve}`)])).to.deep.equal(
      [`image.packages: Alpine has no package "nodjs"; ${world}`],
    );
  });

  it("names the version that Alpine has in the place of the one that is wanted", () => {
    const told = ["image.packages: Alpine has no go~1.20; it has go-1.25.3-r0"];
    const lines = ["ERROR: unable to select packages:", "  go-1.25.3-r0:", "    breaks: world[go~1.20]"];
    expect(buildTrouble(said("error", lines.join("\n")))).to.deep.equal(told);
    expect(buildTrouble(said("error", lines.map((line) => `#7 1.2 ${line}`).join("\n")))).to.deep.equal(told);
  });

  it("blames no name where Alpine's packages cannot be read", () => {
    const lines = [
      "WARNING: updating and opening https://dl-cdn.alpinelinux.org/alpine/v3.23/main: temporary error (try again later)",
      "ERROR: unable to select packages:",
      "  bash (no such package):",
      "    required by: world[bash]",
    ];
    expect(buildTrouble(said("error", lines.join("\n")))).to.deep.equal([
      "image: Alpine's packages cannot be read from https://dl-cdn.alpinelinux.org/alpine/v3.23/main where the image is " +
        "built (temporary error (try again later))",
    ]);
  });

  it("says nothing of other failures", () => {
    expect(buildTrouble(said("error", solve, "denied: requested access to the resource is denied"))).to.deep.equal([]);
  });
});
