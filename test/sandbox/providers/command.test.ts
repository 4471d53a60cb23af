import { expect } from "chai";
import { utils } from "ssh2";
import { firstContactUserData, firstHostKey } from "../../../components/host/first-contact";
import { commandPackage } from "../../../sandbox/providers/command";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import { UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createKey, startSshServer, type SshServer, type SshServerOptions } from "./ssh-server";
import { createContext, rejection } from "./support";

const command = commandPackage({ workDir: "/" }).resources["command:remote:Command"] as Required<Resource>;

describe("command stand-in: remote.Command", () => {
  const servers: SshServer[] = [];
  const serve = async (options?: SshServerOptions) => {
    const server = await startSshServer(options);
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  const inputsFor = async (server: SshServer, inputs: Props, connection: Props = {}) => {
    const { port, privateKey } = server;
    const full = {
      connection: { host: "127.0.0.1", port, privateKey, ...connection },
      addPreviousOutputInEnv: false,
      ...inputs,
    };
    return (await command.check(full, createContext().context, undefined)).inputs;
  };

  it("runs create with its input, and cuts one newline from each output", async () => {
    const { context, lines } = createContext({ name: "setup" });
    const create = "cat; echo two; echo; echo three >&2";
    const { id, outputs } = await command.create(await inputsFor(await serve(), { create, stdin: "one\n" }), context);
    expect(id).to.match(/^setup[0-9a-f]{8}$/);
    expect(outputs).to.include({ create, stdin: "one\n", stdout: "one\ntwo\n", stderr: "three" });
    expect(lines).to.have.members(["one", "two", "", "three"]);
  });

  it("takes an input of 2 MB, in characters of several bytes too", async () => {
    const stdin = "ü".repeat(1024 * 1024);
    const inputs = await inputsFor(await serve(), { create: "cat", stdin });
    const { outputs } = await command.create(inputs, createContext().context);
    expect(outputs.stdout === stdin).to.equal(true);
  });

  it("fails with exit code, command and output", async () => {
    const inputs = await inputsFor(await serve(), { create: "echo why; exit 3" });
    const error = await rejection(command.create(inputs, createContext().context));
    expect(error.message).to.equal('Process exited with status 3: running "echo why; exit 3":\nwhy\n');
  });

  it("names the signal that ended a command", async () => {
    const inputs = await inputsFor(await serve(), { create: "kill -TERM $$" });
    expect((await rejection(command.create(inputs, createContext().context))).message).to.match(/signal TERM/);
  });

  it("updates by update, else by create, and keeps the outputs where there is neither", async () => {
    const server = await serve();
    const state = { stdout: "old", stderr: "" };
    const update = async (inputs: Props) => {
      const checked = await inputsFor(server, inputs);
      return (await command.update("id", state, checked, createContext().context)).stdout;
    };
    expect(await update({ create: "echo c", update: "echo u" })).to.equal("u");
    expect(await update({ create: "echo c" })).to.equal("c");
    expect(await update({ delete: "echo d" })).to.equal("old");
    expect(server.commands).to.deep.equal(["echo u", "echo c"]);
  });

  it("deletes by delete, and does nothing where there is none", async () => {
    const server = await serve();
    await command.delete("id", await inputsFor(server, { create: "echo c" }), createContext().context);
    await command.delete("id", await inputsFor(server, { delete: "echo d" }), createContext().context);
    expect(server.commands).to.deep.equal(["echo d"]);
  });

  it("dials again until the host answers", async () => {
    const server = await serve({ refuse: 2 });
    const { context, lines } = createContext();
    await command.create(await inputsFor(server, { create: "true" }), context);
    expect(server.connections()).to.equal(3);
    expect(lines).to.deep.equal(["Dial 1/10 failed: retrying", "Dial 2/10 failed: retrying"]);
  });

  it("gives up after dialErrorLimit", async () => {
    const server = await serve({ refuse: 99 });
    const inputs = await inputsFor(server, { create: "true" }, { dialErrorLimit: 1 });
    const error = await rejection(command.create(inputs, createContext().context));
    expect(error.message).to.equal("after 1 failed attempts");
    expect(server.connections()).to.equal(2);
  });

  it("talks to no host with another key than the given one", async () => {
    const server = await serve();
    const run = async (hostKey: string) =>
      command.create(
        await inputsFor(server, { create: "true" }, { hostKey, dialErrorLimit: 0 }),
        createContext().context,
      );
    await run(server.hostKey);
    await rejection(run(createKey().publicKey));
    expect(server.commands).to.have.length(1);
  });

  it("asks for signatures in Go's order, or of the given key's own type: with an RSA key by SHA-1, which no sshd gives", async () => {
    const { private: hostKey } = utils.generateKeyPairSync("rsa", { bits: 2048 });
    const server = await serve({ hostKey });
    for (const connection of [{}, { hostKey: server.hostKey }] as Props[]) {
      await command.create(await inputsFor(server, { create: "true" }, connection), createContext().context);
    }
    expect(server.signedBy).to.deep.equal(["rsa-sha2-256", "ssh-rsa"]);
  });

  it("has its first contact with the instance that got the user data, and with no machine in the middle", async () => {
    const userData = firstContactUserData();
    const given = /^ {2}ed25519_private: \|\n((?: {4}.*\n)+)/m.exec(userData)![1]!.replaceAll("    ", "");
    const [instance, other] = [await serve({ hostKey: given }), await serve()];
    const contact = async (server: SshServer) => {
      const connection = { hostKey: firstHostKey(userData), dialErrorLimit: 0 };
      return command.create(await inputsFor(server, { create: "echo met" }, connection), createContext().context);
    };
    expect((await contact(instance)).outputs.stdout).to.equal("met");
    await rejection(contact(other));
    expect(other.connections()).to.equal(1);
    expect(other.commands).to.deep.equal([]);
  });

  it("does not dial with a key that is none", async () => {
    const server = await serve();
    const inputs = await inputsFor(server, { create: "true" }, { privateKey: "nonsense" });
    expect((await rejection(command.create(inputs, createContext().context))).message).to.equal(
      "reading the private key",
    );
    expect(server.connections()).to.equal(0);
  });

  it("goes through a jump host", async () => {
    const [jump, target] = [await serve(), await serve()];
    const proxy = { host: "127.0.0.1", port: jump.port, privateKey: jump.privateKey };
    const inputs = await inputsFor(target, { create: "echo there" }, { proxy });
    expect((await command.create(inputs, createContext().context)).outputs.stdout).to.equal("there");
    expect([jump.commands.length, target.commands.length]).to.deep.equal([0, 1]);
    expect(jump.connections()).to.equal(1);
  });

  it("shakes hands through a jump host once: the real one tries again where nobody answers any more", async () => {
    const [jump, target] = [await serve(), await serve({ refuse: 1 })];
    const proxy = { host: "127.0.0.1", port: jump.port, privateKey: jump.privateKey };
    const inputs = await inputsFor(target, { create: "true" }, { proxy, dialErrorLimit: 3 });
    const error = await rejection(command.create(inputs, createContext().context));
    expect((error.cause as Error).message).to.equal("after 3 failed attempts");
    expect(target.connections()).to.equal(1);
  });

  it("leaves connections open until the engine's run is over, those to jump hosts too", async () => {
    const [jump, target] = [await serve(), await serve()];
    const proxy = { host: "127.0.0.1", port: jump.port, privateKey: jump.privateKey };
    const run = new AbortController();
    const { context } = createContext({ signal: run.signal });
    for (const connection of [{}, { proxy }] as Props[]) {
      await command.create(await inputsFor(target, { create: "true" }, connection), context);
    }
    expect([jump.open(), target.open()]).to.deep.equal([1, 2]);
    run.abort();
    await Promise.all([jump.allClosed(), target.allClosed()]);
  });

  it("asks the SSH agent of the engine's environment wherever there is one, and dials nobody where it is dead", async () => {
    const server = await serve();
    const { context } = createContext({ env: { SSH_AUTH_SOCK: "/nobody/listens" } });
    const error = await rejection(command.create(await inputsFor(server, { create: "true" }), context));
    expect(error.message).to.equal("dial unix /nobody/listens");
    expect(server.connections()).to.equal(0);
  });

  it("ends with the deployment", async () => {
    const stop = new AbortController();
    const { context, lines } = createContext({ signal: stop.signal });
    const inputs = await inputsFor(await serve(), { create: "echo started; sleep 60" });
    const push = lines.push.bind(lines);
    lines.push = (line) => (stop.abort(new Error("cancelled")), push(line));
    expect((await rejection(command.create(inputs, context))).message).to.equal("cancelled");
  });

  it("names a missing host, and waits for one that is not known yet", async () => {
    const failures = async (connection: Props | string) =>
      (
        await command.check({ connection, addPreviousOutputInEnv: false }, createContext().context, undefined)
      ).failures?.map(({ property }) => property);
    expect(await failures({})).to.deep.equal(["connection.host"]);
    expect(await failures({ host: "h", password: "p" })).to.deep.equal(["connection.password"]);
    expect(await failures({ host: UNKNOWN })).to.deep.equal([]);
    expect(await failures(UNKNOWN)).to.deep.equal([]);
  });
});
