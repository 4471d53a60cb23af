import { expect } from "chai";
import { parse } from "smol-toml";
import { firstKey, hostKey, tokenOf } from "./support/aws";
import { isSecret, ofType, only, plain, type Deployment } from "./support/deploy";
import { command, instance, run, tags, taskDefinition } from "./support/program";
import { makeKeyPair, privateKey, raw, sha256 } from "./support/settings";

describe("set-up of the host", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  const named = (suffix: string) => only(base, command, `gitlab-runners-host-${suffix}`);

  it("connects by SSH with the stack's key, patiently, and is done anew for another host", () => {
    const setup = base.resources.filter(({ type }) => type.startsWith("command:remote:"));
    expect(setup).to.have.length(14);
    for (const { inputs } of setup) {
      expect(plain(inputs.connection)).to.deep.include({
        host: "198.51.100.10",
        user: "ec2-user",
        privateKey: `${privateKey}\n`,
        dialErrorLimit: 30,
      });
      expect(inputs.triggers).to.deep.equal(["gitlab-runners-host-id"]);
    }
  });

  it("connects to the private address where told so", async () => {
    const deployment = await run(raw({ host: { connection: { address: "private", user: "admin" } } }));
    const { connection } = plain(only(deployment, command, "gitlab-runners-host-folders").inputs);
    expect(connection).to.include({ host: "172.31.0.10", user: "admin" });
  });

  it("believes the key that the instance was made with once, and from then on the one that the host has made", () => {
    const hostKeys = base.resources
      .filter(({ type }) => type.startsWith("command:remote:"))
      .map(({ name, inputs }) => [name, plain<{ hostKey?: string }>(inputs.connection).hostKey]);
    const [first, ...others] = hostKeys;
    expect(first).to.deep.equal(["gitlab-runners-host-folders", firstKey]);
    expect(others.map(([, key]) => key)).to.deep.equal(others.map(() => hostKey));
    expect(named("folders").inputs).to.not.have.property("stdin");
    // It cannot run again on the same host, which has lost the first key by then.
    expect(named("folders").ignoreChanges).to.have.members(["connection", "create"]);
  });

  it("connects through a proxy where there is one", async () => {
    const proxy = { host: "bastion", hostKey: makeKeyPair().publicKey };
    // The SDK's own.
    const defaults = { dialErrorLimit: 10, perDialTimeout: 15 };
    const own = makeKeyPair().privateKey;
    const deployment = await run(raw({ host: { connection: { proxy } } }));
    const other = await run(raw({ host: { connection: { proxy: { ...proxy, privateKey: own } } } }));
    const { connection } = plain<{ connection: object }>(only(other, command, "gitlab-runners-host-folders").inputs);
    expect(connection).to.deep.include({
      privateKey: `${privateKey}\n`,
      proxy: { ...defaults, ...proxy, port: 22, user: "ec2-user", privateKey: `${own}\n` },
    });
    for (const { inputs } of deployment.resources.filter(({ type }) => type.startsWith("command:remote:"))) {
      expect(plain(inputs.connection)).to.deep.include({
        host: "172.31.0.10",
        proxy: { ...defaults, ...proxy, port: 22, user: "ec2-user", privateKey: `${privateKey}\n` },
      });
    }
  });

  it("waits for a host to let it log in through the proxy before the first command, where there is one", async () => {
    const proxy = { host: "bastion", hostKey: makeKeyPair().publicKey };
    const deployment = await run(raw({ host: { connection: { proxy } } }));
    const login = only(deployment, "command:local:Command", "gitlab-runners-host-login");
    const first = only(deployment, command, "gitlab-runners-host-folders");
    expect(isSecret(login.fresh.stdin)).to.equal(true);
    const order = JSON.parse(plain<string>(login.fresh.stdin)) as { host: string; connection: Record<string, unknown> };
    expect(order.host).to.equal("gitlab-runners-host");
    expect(order.connection).to.include({ host: "172.31.0.10", hostKey: firstKey, privateKey: `${privateKey}\n` });
    expect(order.connection.proxy).to.deep.include({ ...proxy, user: "ec2-user", privateKey: `${privateKey}\n` });
    expect(login.ignoreChanges).to.have.members(["create", "dir", "stdin"]);
    expect(first.dependsOn).to.include("gitlab-runners-host-login");
    expect(ofType(base, "command:local:Command").map(({ name }) => name)).to.not.include("gitlab-runners-host-login");
  });

  it("compiles the agent for the tasks, and all else for the hosts", async () => {
    const runner = { sha256, helperSha256: sha256 };
    const deployment = await run(raw({ architecture: "arm64", host: { architecture: "x86_64", runner } }));
    const create = (suffix: string) =>
      plain<{ create: string }>(only(deployment, command, `gitlab-runners-host-${suffix}`).inputs).create;
    expect(create("runner")).to.contain("gitlab-runner-linux-amd64'");
    expect(create("go")).to.contain(".linux-amd64.tar.gz'");
    expect(create("driver").match(/^.*go build.*$/gm)).to.satisfy(
      ([agent, driver]: string[]) => agent.startsWith("GOARCH=arm64 ") && !driver.includes("GOARCH"),
    );
    expect(plain(only(deployment, instance).inputs)).to.include({ ami: "ami-of-x86_64", instanceType: "t3.small" });
    expect(plain(only(deployment, taskDefinition).inputs).runtimePlatform).to.deep.include({
      cpuArchitecture: "ARM64",
    });
    expect(plain(only(deployment, "awsx:ecr:Image").inputs).platform).to.equal("linux/arm64");
  });

  it("hides what commands print and takes no output of theirs into another one's environment", () => {
    for (const { inputs, secretOutputs } of ofType(base, command)) {
      expect(secretOutputs).to.include.members(["stdout", "stderr"]);
      expect(inputs.addPreviousOutputInEnv).to.equal(false);
      expect(inputs).to.not.have.property("environment");
    }
  });

  it("hands tokens over through a secret stdin, and nowhere else", () => {
    const token = tokenOf("gitlab-runners-group/acme/backend");
    const configToml = named("config-toml");
    expect(isSecret(configToml.inputs.stdin)).to.equal(true);
    expect(plain<string>(configToml.inputs.stdin)).to.contain(token);
    const others = base.resources.filter((resource) => resource !== configToml);
    expect(JSON.stringify(others)).to.not.contain(token);
    for (const { inputs } of ofType(base, command)) {
      expect(JSON.stringify([inputs.create, inputs.update, inputs.delete])).to.not.contain("glrt-");
    }
  });

  it("keeps the private key secret wherever it goes", () => {
    const outsideSecrets = JSON.stringify(base.resources, (_, value) => (isSecret(value) ? "[secret]" : value));
    expect(JSON.stringify(base.resources)).to.contain("OPENSSH PRIVATE KEY");
    expect(outsideSecrets).to.not.contain("OPENSSH PRIVATE KEY");
  });

  it("installs pinned archives by their checksums", async () => {
    const go = { version: "1.26.8", baseUrl: "http://mirror/go/", sha256 };
    const deployment = await run(raw({ architecture: "arm64", host: { go } }));
    const create = (suffix: string) => plain(only(deployment, command, `gitlab-runners-host-${suffix}`).inputs).create;
    expect(create("runner"))
      .to.contain("/gitlab-runner-downloads/v19.4.0/binaries/gitlab-runner-linux-arm64'")
      .and.contain(`!= ${sha256} ]`);
    expect(create("go")).to.contain("'http://mirror/go/go1.26.8.linux-arm64.tar.gz'").and.contain(`!= ${sha256} ]`);
  });

  it("builds the driver from the folder that its sources are copied to", () => {
    const copy = plain(only(base, "command:remote:CopyToRemote", "gitlab-runners-host-driver-source").inputs);
    expect(copy.source).to.include({ path: "driver/" });
    expect(copy.remotePath).to.match(/^\/opt\/gitlab-runner\/src\/[0-9a-f]{16}$/);
    expect(named("driver").inputs.create).to.contain(`cd ${copy.remotePath}\n`);
  });

  it("copies a repository's driver from where its commit was fetched to", async () => {
    const hash = "0123456789abcdef";
    const driver = { folder: ".driver/c0ffee/driver/", hash, origin: "https://git.example.com/driver.git c0ffee" };
    const deployment = await run(raw(), undefined, { driver });
    const copy = plain(only(deployment, "command:remote:CopyToRemote", "gitlab-runners-host-driver-source").inputs);
    expect(copy.source).to.include({ path: driver.folder });
    expect(copy.remotePath).to.equal(`/opt/gitlab-runner/src/${hash}`);
    const { create } = plain(only(deployment, command, "gitlab-runners-host-driver").inputs);
    expect(create).to.contain(`cd ${copy.remotePath}\n`);
  });

  it("configures the driver for cluster, network and size", () => {
    const { Fargate } = parse(plain<string>(named("fargate-toml").inputs.stdin)) as { Fargate: unknown };
    expect(Fargate).to.deep.equal({
      Cluster: "gitlab-runners-1a2b3c4",
      Region: "eu-central-1",
      Subnets: ["subnet-a", "subnet-b"],
      SecurityGroups: ["gitlab-runners-task-id"],
      TaskDefinition: "gitlab-fargate-runners-test_default:7",
      AllowedTaskDefinitions: ["gitlab-fargate-runners-test_default"],
      EnablePublicIP: true,
      UsePublicIP: false,
      CapacityProviders: [{ Name: "FARGATE", Weight: 1, Base: 0 }],
      MaxJobs: 10,
      SlotTimeout: "45m",
      CapacityTimeout: "15m",
      AllowedPlatformVersions: [],
      Tags: tags,
    });
  });

  it("sends an entry of another size to its task definition", async () => {
    const sizes = { large: { cpu: 4096, memory: 16384 } };
    const deployment = await run(raw({ sizes, groups: [{ path: "acme/data", size: "large" }, "acme/backend"] }));
    const stdin = plain<string>(only(deployment, command, "gitlab-runners-host-config-toml").inputs.stdin);
    const { runners } = parse(stdin) as { runners: { name: string; environment?: string[] }[] };
    expect(runners.map(({ name, environment }) => [name, environment])).to.deep.equal([
      ["acme/backend", undefined],
      ["acme/data", ["FARGATE_TASK_DEFINITION=gitlab-fargate-runners-test_large:7"]],
    ]);
  });

  it("starts the runner last, when all that jobs need is there", () => {
    const service = named("service");
    expect(service.dependsOn).to.include.members([
      "gitlab-runners-host-config-toml",
      "gitlab-runners-host-fargate-toml",
      "gitlab-runners-host",
      "gitlab-runners-job-ssh",
      "gitlab-runners-cache",
      "gitlab-runners",
    ]);
    expect(service.inputs.update).to.contain("systemctl --no-block restart gitlab-runner.service");
  });

  it("needs no host that answers to be deleted, but for the drain", () => {
    for (const { inputs } of ofType(base, command)) expect(inputs).to.not.have.property("delete");
    const drain = only(base, "command:local:Command");
    expect(drain.name).to.equal("gitlab-runners-host-drain");
    expect(plain(drain.inputs)).to.include({ dir: "." }).and.not.have.any.keys("create", "update", "environment");
    expect(drain.inputs.triggers).to.deep.equal(["gitlab-runners-host-id"]);
  });

  for (const address of ["public", "private"]) {
    it(`keeps all of a host until it is drained at its ${address} address`, async () => {
      const { resources } = await run(raw({ host: { connection: { address } } }));
      const byUrn = new Map(resources.map((one) => [one.urn, one]));
      const kept = new Set<string>();
      const keep = (urns: string[]) => {
        for (const urn of urns.filter((one) => !kept.has(one))) {
          kept.add(urn);
          keep(byUrn.get(urn)?.waitsFor ?? []);
        }
      };
      const drain = resources.find(({ name }) => name === "gitlab-runners-host-drain")!;
      keep(drain.waitsFor);
      const ofHost = resources.filter(
        ({ type, name }) => /-host\b/.test(name) && !/^(pulumi|gitlab-fargate-runners|command:local)/.test(type),
      );
      expect(ofHost.map(({ urn }) => urn).filter((urn) => !kept.has(urn))).to.deep.equal([]);
    });
  }

  it("tells the drain where the host is, by a key that stays secret, and how long to wait", async () => {
    const deployment = await run(raw({ host: { drainTimeout: 600 } }));
    const { inputs, secretOutputs } = only(deployment, "command:local:Command");
    expect(isSecret(inputs.stdin)).to.equal(true);
    expect(secretOutputs).to.include("stdin");
    const order = JSON.parse(plain<string>(inputs.stdin)) as { connection: object };
    expect(order).to.deep.include({ host: "gitlab-runners-host", timeout: 600 });
    expect(order.connection).to.include({
      host: "198.51.100.10",
      user: "ec2-user",
      hostKey,
      privateKey: `${privateKey}\n`,
    });
  });

  it("looks for tasks that outlived their jobs while the driver, its configuration and its rights are there", () => {
    const reap = named("reap");
    expect(reap.dependsOn).to.include.members([
      "gitlab-runners-host-fargate-toml",
      "gitlab-runners-host",
      "gitlab-runners",
    ]);
    expect(reap.inputs.create).to.contain(
      "ExecStart=/opt/gitlab-runner/fargate --config /etc/gitlab-runner/fargate.toml reap\n",
    );
    expect(reap.inputs.stdin).to.equal(undefined);
  });
});
