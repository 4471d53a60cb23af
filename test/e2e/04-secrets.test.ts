/** No secret is readable: not in the state, a log or a trace. 01-lifecycle sees the arguments of all that executes. */
import { expect } from "chai";
import { execa } from "execa";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { gitlabTokens, stateDir } from "../../sandbox/config";
import { hostKey, onHost } from "../support/host";
import { runCi } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { exportStack, stackSecrets } from "../support/stack";

describe("secrets", () => {
  useSandbox();

  let secrets: string[];
  before(async () => {
    // A line of the key's body: the whole text would only be found where its line ends are kept.
    secrets = [...Object.values(await stackSecrets()), gitlabTokens.deployment.token, (await hostKey()).split("\n")[2]];
    expect(secrets).to.have.length(3);
    for (const secret of secrets) expect(secret).to.have.length.greaterThan(20);
  });

  const readable = (text: string) => secrets.filter((secret) => text.includes(secret));

  it("are encrypted in the stack's state and its history", async () => {
    const { text } = await exportStack();
    expect(readable(text)).to.deep.equal([]);
    const { stdout } = await execa(
      "grep",
      ["-rlF", ...secrets.flatMap((one) => ["-e", one]), path.join(stateDir, "pulumi")],
      {
        reject: false,
      },
    );
    expect(stdout).to.equal("");
  });

  it("are in no log and no trace", async () => {
    const { jobs } = await runCi("job:\n  script: [env]\n");
    expect(readable(jobs[0].trace)).to.deep.equal([]);
    expect(readable(readFileSync(path.join(stateDir, "daemon.log"), "utf8"))).to.deep.equal([]);
    expect(readable(await onHost("journalctl --no-pager"))).to.deep.equal([]);
  });

  it("are readable by the runner's user alone on the host", async () => {
    expect(await onHost("stat -c '%a %U' /etc/gitlab-runner/config.toml")).to.equal("600 gitlab-runner");
    const found = await onHost(
      "find /etc/gitlab-runner /opt/gitlab-runner /tmp /var/tmp -type f -perm /044 -exec grep -lF glrt- {} + || true",
    );
    expect(found).to.equal("");
  });
});
