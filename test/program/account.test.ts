import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { accountNotes, quotaNotes, type AccountNotes } from "../../components/look-ups/account";
import { parseSettings } from "../../components/settings/settings";
import { deploy, type World } from "./support/deploy";
import { run } from "./support/program";
import { raw } from "./support/settings";

const enough = { "L-3032A538": 100, "L-36FBB829": 100 };

async function notes(settings: Record<string, unknown>, world: World): Promise<AccountNotes> {
  let found: AccountNotes | undefined;
  await deploy(async () => {
    found = await accountNotes(parseSettings(raw(settings)));
  }, world);
  return found!;
}

describe("what a new account lacks", () => {
  it("is nothing where ECS's role is there and the quotas are large enough", async () => {
    expect(await notes({}, { vcpus: enough })).to.deep.equal({ warnings: [], hints: [] });
  });

  it("is the role of ECS before its first use, with the command that makes it", async () => {
    const { warnings } = await notes({}, { vcpus: enough, missing: ["AWSServiceRoleForECS"] });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain("aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com");
  });

  it("is vCPU of the capacity that jobs run on", async () => {
    const small = { "L-3032A538": 6, "L-36FBB829": 2 };
    const fewest = async (spot: string) => (await notes({ spot }, { vcpus: small })).warnings.join();
    expect(await fewest("never"))
      .to.contain("may run 6 vCPU at a time in this region (L-3032A538), which is 6 jobs of the default size (1 vCPU)")
      .and.contain("starts up to 10")
      .and.contain("--quota-code L-3032A538 --desired-value 10");
    expect(await fewest("only")).to.contain("may run 2 vCPU at a time in this region (L-36FBB829), which is 2 jobs");
    expect(await fewest("prefer")).to.contain(
      "8 vCPU at a time in this region (L-36FBB829 and L-3032A538), which is 8",
    );
  });

  it("counts the jobs of all hosts, by the vCPU of the default size", () => {
    const codes = ["L-3032A538"];
    expect(quotaNotes({ vcpus: 5, codes, jobs: 10, perJob: 0.5 })).to.deep.equal({ warnings: [], hints: [] });
    const { warnings } = quotaNotes({ vcpus: 6, codes, jobs: 20, perJob: 4 });
    expect(warnings[0]).to.contain("which is 1 job of").and.contain("--desired-value 80");
  });

  it("is not known without the rights to look, which stops nothing", async () => {
    const { warnings, hints } = await notes({}, { vcpus: "denied" });
    expect(warnings).to.deep.equal([]);
    expect(hints.join()).to.match(/L-3032A538, is not known \(.*1 error occurred: \* .*not authorized to perform\)/);
    expect((await run(raw(), { vcpus: "denied" })).errors).to.deep.equal([]);
  });

  it("is waited for where another look-up has failed, as the program's process ends with that", async () => {
    let answer = () => {};
    const until = new Promise<void>((resolve) => (answer = resolve));
    let errors: string[] | undefined;
    const ended = run(raw(), {
      missing: ["acme/backend"],
      holds: { token: "aws:iam/getRole:getRole", until },
    }).then((deployment) => (errors = deployment.errors));
    // All other answers are there at once.
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(errors).to.equal(undefined);
    answer();
    await ended;
    expect(errors!.join()).to.contain('GitLab has no group "acme/backend"');
  });

  it("is told by the program: warnings as such, the rest as information", async () => {
    const said: [string, string][] = [];
    const { warn, info } = pulumi.log;
    const keep = (level: string) => async (text: string) => void said.push([level, text]);
    Object.assign(pulumi.log, { warn: keep("warn"), info: keep("info") });
    try {
      await run(raw(), { vcpus: "denied", missing: ["AWSServiceRoleForECS"] });
    } finally {
      Object.assign(pulumi.log, { warn, info });
    }
    expect(said.map(([level, text]) => `${level} ${text.split(":")[0]}`)).to.deep.equal(["warn ECS", "info Fargate"]);
  });
});
