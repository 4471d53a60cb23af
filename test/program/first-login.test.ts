/** The wait for a host that boots behind a proxy. */
import { expect } from "chai";
import { AnotherHost } from "../../components/host/drain/drain";
import { connect } from "../../components/host/drain/ssh";
import { bounds, waitForLogin } from "../../components/host/first-login/wait";
import { commandPackage } from "../../sandbox/providers/command";
import type { Resource } from "../../sandbox/providers/framework/definition";
import { startSshServer } from "../sandbox/providers/ssh-server";
import { createContext, rejection } from "../sandbox/providers/support";

const command = commandPackage({ workDir: "/" }).resources["command:remote:Command"] as Required<Resource>;

describe("the first login to a host behind a proxy", () => {
  it("makes the first command one that a host takes which refuses logins at first", async () => {
    const [jump, target] = [await startSshServer(), await startSshServer({ refuse: 2 })];
    const endpoint = ({ port, privateKey, hostKey }: typeof jump) => ({ host: "127.0.0.1", port, privateKey, hostKey });
    const connection = { ...endpoint(target), dialErrorLimit: 3, proxy: endpoint(jump) };
    const run = async () => {
      const { context } = createContext();
      const { inputs } = await command.check(
        { create: "echo met", connection, addPreviousOutputInEnv: false },
        context,
        undefined,
      );
      return (await command.create(inputs, context)).outputs.stdout;
    };
    try {
      await rejection(run());
      const world = { connect: () => connect(connection), now: Date.now, sleep: async () => {} };
      await waitForLogin("host", world);
      expect(target.connections()).to.equal(3);
      expect(await run()).to.equal("met");
    } finally {
      await Promise.all([jump.close(), target.close()]);
    }
  });

  /** How long it waits for a host that refuses logins with this, by the second. */
  async function wait(refusal: (second: number) => Error | undefined): Promise<number> {
    let clock = 0;
    await waitForLogin("host-2", {
      async connect() {
        const error = refusal(clock / 1000);
        if (error) throw error;
        return { run: async () => "", close: () => {} };
      },
      now: () => clock,
      sleep: async (milliseconds) => void (clock += milliseconds),
    });
    return clock / 1000;
  }
  const other = new AnotherHost("another host key answers at its address");

  it("waits while another host key answers for as long as that may be the machine image's", async () => {
    expect(await wait((second) => (second < 6 ? other : undefined))).to.equal(6);
    expect(await wait(() => other)).to.equal(bounds.other / 1000);
    const boots = (second: number) => (second < 60 ? new Error("Connection refused") : other);
    expect(await wait(boots)).to.equal(60 + bounds.other / 1000);
  });

  it("gives up in the end, with the last reason", async () => {
    const error = await rejection(wait(() => new Error("All configured authentication methods failed")));
    expect(error.message).to.equal(
      "host-2: no login through the proxy within 180 s: All configured authentication methods failed",
    );
  });
});
