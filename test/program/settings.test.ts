import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings, parseSettings } from "../../components/settings/settings";
import { makeKeyPair, privateKey, publicKey, raw, sha256 } from "./support/settings";

const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

describe("settings", () => {
  it("complete what is left out", () => {
    const { host, ...settings } = parseSettings(raw());
    expect(settings).to.deep.equal({
      entries: [
        {
          kind: "group",
          key: "group/acme/backend",
          path: "acme/backend",
          place: "groups[0]",
          name: "acme/backend",
          tags: [],
          untagged: true,
          protected: false,
          locked: false,
          paused: false,
          size: "default",
          runner: {},
        },
      ],
      sizes: { default: { cpu: 1024, memory: 2048 } },
      architecture: "x86_64",
      spot: "never",
      image: { buildArgs: {}, compression: "gzip" },
      images: { allowed: [], registries: {} },
      services: { allowed: [], wait: 30 },
      network: { assignPublicIp: true },
      maxSize: {},
      protect: false,
      allowPlainHttp: false,
      caCertificates: [],
      driver: { directory: "driver" },
      cache: { enabled: true, expiryDays: 30, multipart: false },
      logs: { retentionDays: 30 },
      dashboard: false,
      metrics: { port: 9252, allowedCidrs: [], allowedSecurityGroupIds: [] },
      debug: { ecsExec: false, jobLinks: false },
      tags: {},
      gitlabUrl: "https://gitlab.com",
    });
    expect(host).to.deep.include({
      instanceType: "t3.small",
      architecture: "x86_64",
      concurrency: 10,
      count: 1,
      connection: { user: "ec2-user", address: "public", proxy: undefined },
    });
    expect(host.go.sha256).to.match(/^d0f743b3/);
    expect(host.goProxy).to.equal(undefined);
  });

  it("tell each runner what all are told, and what its own entry says", () => {
    const runners = { outputLimit: 8192, environment: { A: "all", B: "all" }, featureFlags: { FF_TIMESTAMPS: true } };
    const own = { outputLimit: 1024, environment: { B: "own" }, featureFlags: { FF_USE_FASTZIP: true } };
    const { entries } = parseSettings(raw({ runners, groups: ["acme/backend", { path: "acme/data", runner: own }] }));
    expect(entries.map(({ runner }) => runner)).to.deep.equal([
      runners,
      {
        outputLimit: 1024,
        environment: { A: "all", B: "own" },
        featureFlags: { FF_TIMESTAMPS: true, FF_USE_FASTZIP: true },
      },
    ]);
  });

  it("follow the architecture in what depends on it", () => {
    const { host } = parseSettings(raw({ architecture: "arm64" }));
    expect(host.instanceType).to.equal("t4g.small");
    expect(host.go.sha256).to.match(/^211ffced/);
  });

  it("let hosts have an architecture of their own", () => {
    const runner = { sha256, helperSha256: sha256 };
    const { host, architecture } = parseSettings(
      raw({ architecture: "arm64", host: { architecture: "x86_64", runner } }),
    );
    expect([architecture, host.architecture, host.instanceType]).to.deep.equal(["arm64", "x86_64", "t3.small"]);
    expect(host.go.sha256).to.match(/^d0f743b3/);
  });

  it("connect privately through a proxy, with a key of its own where it has one", async () => {
    const proxyOf = (proxy: object) => {
      const { address, proxy: found } = parseSettings(raw({ host: { connection: { proxy } } })).host.connection;
      expect(address).to.equal("private");
      return found!;
    };
    const { privateKey: key, ...rest } = proxyOf({ host: "bastion", hostKey: publicKey });
    expect(rest).to.deep.equal({ host: "bastion", port: 22, user: "ec2-user", hostKey: publicKey });
    expect(key).to.equal(undefined);
    const other = makeKeyPair().privateKey;
    const own = proxyOf({ host: "bastion", hostKey: publicKey, privateKey: other }).privateKey as pulumi.Output<string>;
    expect(await pulumi.isSecret(own)).to.equal(true);
    expect(await valueOf(own)).to.equal(`${other}\n`);
  });

  it("let SSH in from anywhere where they say so", () => {
    const host = { adminCidrs: ["0.0.0.0/0", "::/0"], allowSshFromAnywhere: true };
    expect(parseSettings(raw({ host })).host.adminCidrs).to.deep.equal(["0.0.0.0/0", "::/0"]);
  });

  it("make packages an argument of the build, whatever their order", () => {
    const buildArgs = (packages: string[]) =>
      parseSettings(raw({ image: { packages, buildArgs: { A: "b" } } })).image.buildArgs;
    expect(buildArgs(["npm", "go~1.25", "g++"])).to.deep.equal({ A: "b", EXTRA_PACKAGES: "g++ go~1.25 npm" });
    expect(buildArgs(["g++", "npm", "go~1.25"])).to.deep.equal(buildArgs(["npm", "go~1.25", "g++"]));
    expect(buildArgs([])).to.deep.equal({ A: "b" });
  });

  it("make a revision an argument of the build, a number too", () => {
    const buildArgs = (revision: unknown) => parseSettings(raw({ image: { revision } })).image.buildArgs;
    expect(buildArgs("2026-11")).to.deep.equal({ REVISION: "2026-11" });
    expect(buildArgs(0)).to.deep.equal({ REVISION: "0" });
    expect(buildArgs(undefined)).to.deep.equal({});
  });

  it("keep the default size beside others, unless it is given", () => {
    expect(parseSettings(raw({ sizes: { large: { cpu: 4096, memory: 8192 } } })).sizes).to.deep.equal({
      default: { cpu: 1024, memory: 2048 },
      large: { cpu: 4096, memory: 8192 },
    });
    expect(parseSettings(raw({ sizes: { default: { cpu: 256, memory: 512 } } })).sizes).to.deep.equal({
      default: { cpu: 256, memory: 512 },
    });
  });

  it("connect privately in a network without public addresses", () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-1"] };
    const settings = parseSettings(raw({ network }));
    expect(settings.network.assignPublicIp).to.equal(false);
    expect(settings.host.connection.address).to.equal("private");
  });

  it("take GitLab's address from the API's", () => {
    const { gitlabUrl } = parseSettings(raw(), "https://git.example.com/forge/api/v4/");
    expect(gitlabUrl).to.equal("https://git.example.com/forge");
  });

  it("make the private key a secret that ends as SSH programs want it", async () => {
    const key = parseSettings(raw()).host.privateKey as pulumi.Output<string>;
    expect(await pulumi.isSecret(key)).to.equal(true);
    expect(await valueOf(key)).to.equal(`${privateKey}\n`);
  });

  it("need no keys", () => {
    const { publicKey: ofHosts, privateKey: key } = parseSettings(
      raw({ host: { publicKey: undefined, privateKey: undefined } }),
    ).host;
    expect([ofHosts, key]).to.deep.equal([undefined, undefined]);
  });

  it("give entries keys that do not depend on their order or neighbours", () => {
    const keys = (groups: string[]) => parseSettings(raw({ groups })).entries.map(({ key }) => key);
    expect(keys(["a", "b"])).to.deep.equal(["group/a", "group/b"]);
    expect(keys(["c", "b", "a"]).sort()).to.deep.equal(["group/a", "group/b", "group/c"]);
  });

  it("name what is given by id by its id", () => {
    const { entries } = parseSettings(
      raw({ groups: [42, { id: 7, name: "seven" }], projects: [42, { path: "a/42" }] }),
    );
    expect(entries.map(({ key, name }) => [key, name])).to.deep.equal([
      ["group/id:42", "group 42"],
      ["group/id:7", "seven"],
      ["project/id:42", "project 42"],
      ["project/a/42", "a/42"],
    ]);
  });

  it("keep a token of one's own secret", async () => {
    const [{ token }] = parseSettings(raw({ groups: [{ path: "a", token: "glrt-mine" }] })).entries;
    expect(await pulumi.isSecret(token!)).to.equal(true);
    expect(await valueOf(token!)).to.equal("glrt-mine");
  });

  it("tell a group and a project of one path apart", () => {
    const { entries } = parseSettings(raw({ groups: ["a/b"], projects: ["a/b"], instanceRunners: ["shared"] }));
    expect(entries.map(({ key }) => key)).to.deep.equal(["group/a/b", "project/a/b", "instance/shared"]);
  });

  describe("from the stack's configuration", () => {
    const load = (config: Record<string, string>, secrets = ["host", "groups", "gitlab:token"]) => {
      const keys = secrets.map((key) => (key.includes(":") ? key : `gitlab-fargate-runners:${key}`));
      pulumi.runtime.setAllConfig(config, keys);
      try {
        return loadSettings();
      } finally {
        pulumi.runtime.setAllConfig({});
      }
    };
    const { host } = raw();
    const base = {
      "gitlab-fargate-runners:host": JSON.stringify(host),
      "gitlab-fargate-runners:groups": '["acme/backend"]',
      "gitlab-fargate-runners:architecture": "arm64",
      "aws:region": "eu-central-1",
      "gitlab:token": "glpat-mine",
    };

    it("take their own namespace and GitLab's address", () => {
      const settings = load({ ...base, "gitlab:baseUrl": "https://git.example.com/api/v4/" });
      expect(settings.entries.map(({ path }) => path)).to.deep.equal(["acme/backend"]);
      expect(settings.architecture).to.equal("arm64");
      expect(settings.host.runner.sha256).to.equal(sha256);
      expect(settings.gitlabUrl).to.equal("https://git.example.com");
    });

    it("take switches as switches, and secrets within lists", async () => {
      const groups = JSON.stringify([42, { path: "acme/data", token: "glrt-mine" }]);
      const more = { "gitlab-fargate-runners:protect": "true", "gitlab-fargate-runners:groups": groups };
      const settings = load({ ...base, ...more });
      expect(settings.protect).to.equal(true);
      expect(settings.entries.map(({ key }) => key)).to.deep.equal(["group/id:42", "group/acme/data"]);
      expect(await pulumi.isSecret(settings.entries[1].token!)).to.equal(true);
      expect(load({ ...base, "gitlab-fargate-runners:protect": "false" }).protect).to.equal(false);
      expect(() => load({ ...base, "gitlab-fargate-runners:protect": "yes" })).to.throw(
        /protect: "yes" is a text; write true/,
      );
    });

    it("refuse secrets that are none in the configuration", () => {
      const groups = JSON.stringify([42, { path: "acme/data", token: "glrt-mine" }]);
      const plain = () => load({ ...base, "gitlab-fargate-runners:groups": groups }, []);
      expect(plain)
        .to.throw(/^ {2}gitlab:token: in plain text .*: npx pulumi config set --secret gitlab:token$/m)
        .with.property("message")
        .that.matches(/host\.privateKey: in plain .* --path gitlab-fargate-runners:host\.privateKey < runner-host$/m)
        .and.matches(/groups\[1\]\.token: in plain .* --path 'gitlab-fargate-runners:groups\[1\]\.token'$/m)
        .and.does.not.match(/glrt-mine|glpat-mine|BEGIN/);
    });

    it("refuse a namespace that is nearly theirs, and leave others alone", () => {
      const others = {
        "github:owner": "acme",
        "docker-build:host": "x",
        "acme-runners:spot": "only",
        "my:groups": "x",
      };
      expect(load({ ...base, ...others }).spot).to.equal("never");
      expect(() => load({ ...base, "gitlab-fargate-runner:spot": "prefer" })).to.throw(
        /gitlab-fargate-runner:spot: nobody reads .* did you mean gitlab-fargate-runners:spot\?$/,
      );
    });

    it("need a token for GitLab where a runner has to be made", () => {
      const { "gitlab:token": _, ...without } = base;
      const { GITLAB_TOKEN } = process.env;
      delete process.env.GITLAB_TOKEN;
      try {
        expect(() => load(without)).to.throw(
          /^ {2}gitlab:token: required; make one with the scopes .*: npx pulumi config set gitlab:token --secret$/m,
        );
        const groups = JSON.stringify([{ path: "a", token: "glrt-mine" }]);
        expect(load({ ...without, "gitlab-fargate-runners:groups": groups }).entries).to.have.length(1);
        process.env.GITLAB_TOKEN = "glpat-mine";
        expect(load(without).entries).to.have.length(1);
      } finally {
        if (GITLAB_TOKEN === undefined) delete process.env.GITLAB_TOKEN;
        else process.env.GITLAB_TOKEN = GITLAB_TOKEN;
      }
    });

    it("refuse a key nobody reads", () => {
      expect(() => load({ ...base, "gitlab-fargate-runners:gruops": "[]" })).to.throw(/gruops: unknown key/);
    });

    it("refuse text where a list belongs", () => {
      expect(() => load({ ...base, "gitlab-fargate-runners:groups": "acme" })).to.throw(/groups: a list is expected/);
    });
  });
});
