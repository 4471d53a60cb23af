/** Entries whose jobs may choose less than the stack has. */
import { expect } from "chai";
import { parse } from "smol-toml";
import { profileOf, profilesOf } from "../../components/jobs/profiles";
import { only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const sizes = { large: { cpu: 4096, memory: 16384 }, small: { cpu: 256, memory: 512 } };
const key = "group/acme/data";
const stack = { sizes: { default: { cpu: 1024, memory: 2048 }, ...sizes }, maxSize: { cpu: 2048 } };

describe("profiles", () => {
  it("are for entries with bounds of their own", () => {
    expect(profileOf({ key, size: "large" }, stack)).to.equal(undefined);
    expect(profileOf({ key, size: "large", allowedSizes: [] }, stack)).to.deep.equal({
      name: "large",
      size: "large",
      allowedSizes: ["large"],
      maxSize: { cpu: 2048 },
    });
    expect(profileOf({ key, size: "small", maxSize: {} }, stack)).to.deep.equal({
      name: "small+default+large@0-0-0",
      size: "small",
      allowedSizes: ["small", "default", "large"],
      maxSize: {},
    });
  });

  it("have one name for the same bounds, and another for others", () => {
    const name = (bounds: object) => profileOf({ key, size: "default", ...bounds }, stack)!.name;
    const names = [
      { allowedSizes: [] },
      { allowedSizes: ["small"] },
      { allowedSizes: ["small", "large"] },
      { allowedSizes: [], maxSize: {} },
      { allowedSizes: [], maxSize: { cpu: 4096 } },
      { allowedSizes: [], maxSize: { memory: 4096 } },
    ].map(name);
    expect(new Set(names).size).to.equal(names.length);
    expect(name({ allowedSizes: ["large", "small", "default"] })).to.equal(name({ allowedSizes: ["small", "large"] }));
    const entries = [{ size: "default", allowedSizes: [] }, { size: "large" }, { size: "default", allowedSizes: [] }];
    expect(profilesOf({ ...stack, entries: entries as never })).to.have.length(1);
  });

  it("need sizes that are there, and bounds that a job can reach", () => {
    const groups = [{ path: "a", allowedSizes: ["default", "lrage"] }];
    expect(errorsOf(raw({ groups, sizes }))).to.deep.equal([
      "groups[0].allowedSizes[1]: no size 'lrage'; did you mean large?",
    ]);
    const [error, ...others] = errorsOf(raw({ groups: [{ path: "a", maxSize: { memory: 61440 } }], sizes }));
    expect(error).to.match(/^groups\[0\]\.maxSize\.memory: no job could use 61440 MiB/);
    expect(others).to.deep.equal([]);
  });

  describe("of a stack", () => {
    let deployment: Deployment;
    const file = <T>(name: string) =>
      parse(plain<string>(only(deployment, command, `gitlab-runners-host-${name}`).inputs.stdin)) as T;

    before(async () => {
      const groups = [
        { path: "acme/data", size: "large", allowedSizes: ["small"], maxSize: { memory: 30720 } },
        { path: "acme/web", size: "large" },
      ];
      deployment = await run(raw({ sizes, groups, maxSize: { cpu: 2048 } }));
    });

    it("are in fargate.toml, with the revisions that this deployment has made", () => {
      const { Profiles, Fargate } = file<{ Profiles: object; Fargate: object }>("fargate-toml");
      expect(Profiles).to.deep.equal({
        "large+small@0-30720-0": {
          TaskDefinition: "gitlab-fargate-runners-test_large:7",
          AllowedTaskDefinitions: ["gitlab-fargate-runners-test_large:7", "gitlab-fargate-runners-test_small:7"],
          MaxCPU: 0,
          MaxMemory: 30720,
          MaxEphemeralStorage: 0,
        },
      });
      expect(Fargate).to.include({ MaxCPU: 2048 });
    });

    it("are named where jobs cannot change it, in each call of their runners and in none of others", () => {
      type Runner = { name: string; environment?: string[]; custom: Record<string, unknown> };
      const { runners } = file<{ runners: Runner[] }>("config-toml");
      const [data, web] = ["acme/data", "acme/web"].map((name) => runners.find((runner) => runner.name === name)!);
      for (const call of ["config", "prepare", "run", "cleanup"]) {
        const args = (profile: string[]) => ["--config", "/etc/gitlab-runner/fargate.toml", ...profile, "custom", call];
        expect(data!.custom[`${call}_args`]).to.deep.equal(args(["--profile", "large+small@0-30720-0"]));
        expect(web!.custom[`${call}_args`]).to.deep.equal(args([]));
      }
      expect(data!.environment).to.equal(undefined);
      expect(web!.environment).to.deep.equal(["FARGATE_TASK_DEFINITION=gitlab-fargate-runners-test_large:7"]);
    });
  });
});
