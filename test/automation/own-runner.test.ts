/** Deployments that would wait for themselves, and SSH agents that nobody answers for. */
import { expect } from "chai";
import { once } from "node:events";
import * as net from "node:net";
import * as path from "node:path";
import { refuseOwnRunner } from "../../automation/own-runner";
import { withoutDeadAgent } from "../../automation/ssh-agent";
import { scratch } from "../support/scratch";

describe("a deployment that is a job on the stack's own runner", () => {
  const facts = { runners: ["7", "12"], gitlabUrl: "https://gitlab.example.com/api/v4/" };
  const job = { CI_RUNNER_ID: "12", CI_API_V4_URL: "https://gitlab.example.com/api/v4" };
  const removal = [{ id: "host-removed", subject: "host gitlab-runners-host-2" }];
  let asked = 0;
  const factsOf = async () => (asked++, facts);
  beforeEach(() => (asked = 0));
  const refusal = async (dangers: typeof removal, env: Record<string, string>) =>
    refuseOwnRunner("prod", dangers, factsOf, env).then(
      () => undefined,
      (error: Error) => error.message,
    );

  it("is refused where it would end a host, with the way out", async () => {
    const told = await refusal(removal, job);
    expect(told)
      .to.contain("runner of stack prod (12)")
      .and.contain("end or stop host gitlab-runners-host-2")
      .and.contain("Nothing has been changed")
      .and.contain("npm run deploy -- --stack prod");
    for (const id of ["host-replaced", "host-stopped"]) {
      expect(await refusal([{ id, subject: "host" }], job), id).to.be.a("string");
    }
  });

  it("is refused too where the settings leave the API's path out", async () => {
    const bare = async () => ({ ...facts, gitlabUrl: "https://gitlab.example.com" });
    const refused = refuseOwnRunner("prod", removal, bare, job).then(() => "goes on", String);
    expect(await refused).to.contain("runner of stack prod (12)");
  });

  it("goes on where no host ends, which is not worth a question", async () => {
    expect(await refusal([{ id: "runner-restarted", subject: "service" }], job)).to.equal(undefined);
    expect(await refusal(removal, {}), "no job").to.equal(undefined);
    expect(asked).to.equal(0);
  });

  it("goes on where the job's runner is another stack's, or another GitLab's", async () => {
    expect(await refusal(removal, { ...job, CI_RUNNER_ID: "13" })).to.equal(undefined);
    expect(await refusal(removal, { ...job, CI_API_V4_URL: "https://gitlab.com/api/v4" })).to.equal(undefined);
    expect(asked).to.equal(2);
  });
});

describe("an SSH agent in the environment", () => {
  const folder = scratch();
  after(() => folder.remove());

  it("is left out where nobody answers, as each command on a host would fail by it", async () => {
    const socket = path.join(folder.dir, "agent");
    expect(await withoutDeadAgent({ SSH_AUTH_SOCK: socket })).to.deep.equal({ SSH_AUTH_SOCK: "" });
    const agent = net.createServer().listen(socket);
    await once(agent, "listening");
    try {
      expect(await withoutDeadAgent({ SSH_AUTH_SOCK: socket })).to.deep.equal({});
    } finally {
      agent.close();
    }
    expect(await withoutDeadAgent({})).to.deep.equal({});
  });
});
