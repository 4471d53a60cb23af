import { expect } from "chai";
import fc from "fast-check";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings, parseSettings } from "../../components/settings/settings";
import { warningsOf } from "../../components/settings/warnings";
import { errorsOf, raw } from "./support/settings";

const networks = (...adminCidrs: unknown[]) => errorsOf(raw({ host: { adminCidrs } }));
const metrics = (...allowedCidrs: unknown[]) => errorsOf(raw({ metrics: { allowedCidrs } }));

describe("settings: networks", () => {
  it("are taken as AWS writes them, and as nothing else", () => {
    expect(
      networks("203.0.113.0/24", "203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1/128"),
    ).to.deep.equal([]);
    expect(networks("203.0.113.7/24")).to.deep.equal([
      "host.adminCidrs[0]: 203.0.113.7/24 has host bits; the network is 203.0.113.0/24, the one address 203.0.113.7/32",
    ]);
    expect(networks("2001:db8::7/64")).to.deep.equal([
      "host.adminCidrs[0]: 2001:db8::7/64 has host bits; the network is 2001:db8::/64, the one address 2001:db8::7/128",
    ]);
    expect(networks("2001:DB8:0::/64")).to.deep.equal([
      "host.adminCidrs[0]: AWS writes 2001:DB8:0::/64 as 2001:db8::/64; write it so too",
    ]);
    expect(networks("203.0.113.7")[0]).to.match(/like "203\.0\.113\.0\/24"; this one address is 203\.0\.113\.7\/32\b/);
    expect(networks("2001:db8::7")[0]).to.match(/this one address is 2001:db8::7\/128\b/);
    expect(networks("::ffff:203.0.113.0/120")[0]).to.match(/written as IPv6; write it as IPv4\b/);
    expect(metrics("10.0.0.1/16")[0]).to.match(/^metrics\.allowedCidrs\[0\]: 10\.0\.0\.1\/16 has host bits;/);
    for (const wrong of ["here", "203.0.113.0/33", "2001:db8::/129", 7]) {
      expect(networks(wrong), String(wrong)).to.deep.equal([
        `host.adminCidrs[0]: not a network in CIDR notation, like "203.0.113.0/24": ${JSON.stringify(wrong)}`,
      ]);
    }
  });

  it("are accepted exactly where no bit is set behind the prefix", () => {
    const dotted = (bits: number) => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 32 }), (bits, prefix) => {
        const size = 2 ** (32 - prefix);
        const network = bits - (bits % size);
        expect(networks(`${dotted(network)}/${prefix}`)).to.deep.equal([]);
        const told = `has host bits; the network is ${dotted(network)}/${prefix}, the one address ${dotted(bits)}/32`;
        const text = `${dotted(bits)}/${prefix}`;
        expect(networks(text)).to.deep.equal(bits === network ? [] : [`host.adminCidrs[0]: ${text} ${told}`]);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 16, max: 128 }), (address, prefix) => {
        const errors = networks(`${address}/${prefix}`);
        expect(errors.length).to.be.at.most(1);
        for (const error of errors)
          expect(error).to.match(/ has host bits; | as .*; write it so too$|write it as IPv4$/);
      }),
    );
  });

  it("stand once in a list, and so do security groups", () => {
    expect(networks("10.0.0.0/8", "203.0.113.0/24", "10.0.0.0/8")).to.deep.equal([
      "host.adminCidrs[2]: the same as [0]",
    ]);
    expect(metrics("10.0.0.0/8", "10.0.0.0/8")).to.deep.equal(["metrics.allowedCidrs[1]: the same as [0]"]);
    expect(errorsOf(raw({ metrics: { allowedSecurityGroupIds: ["sg-1", "sg-1"] } }))).to.deep.equal([
      "metrics.allowedSecurityGroupIds[1]: the same as [0]",
    ]);
  });

  it("are never a good part of the internet unless that is said, and of metrics never", () => {
    const part = "a large part of the internet (a prefix below /8, or /16 of IPv6)";
    for (const [network, what] of [
      ["0.0.0.0/1", part],
      ["128.0.0.0/1", part],
      ["8.0.0.0/7", part],
      ["2000::/3", part],
      ["::/0", "the whole internet"],
      ["0.0.0.0/0", "the whole internet"],
    ]) {
      expect(networks(network)).to.deep.equal([
        `host.adminCidrs[0]: would open SSH to ${what}; name the networks you deploy from, or set host.allowSshFromAnywhere`,
      ]);
      expect(errorsOf(raw({ host: { adminCidrs: [network], allowSshFromAnywhere: true } }))).to.deep.equal([]);
      expect(metrics(network)).to.deep.equal([
        `metrics.allowedCidrs[0]: would open the runner's metrics and profiler to ${what}`,
      ]);
    }
  });

  it("are one at least, from which the deployment comes", () => {
    expect(networks()).to.have.length(1);
    expect(networks()[0]).to.match(/^host\.adminCidrs: none, so that no deployment could reach a host: .*config set/);
  });
});

describe("settings: tags", () => {
  const tags = (given: Record<string, string>) => errorsOf(raw({ tags: given }));
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));
  const taken = "letters, digits, spaces and _ . : / = + - @";

  it("are those that every service takes", () => {
    expect(
      tags({ environment: "production", "größe/team": "a b", "cost-center": "4711", empty: "", name: "x" }),
    ).to.eql([]);
    expect(tags({ "k%": "v", k: "<v>" })).to.deep.equal([
      `tags["k%"]: AWS takes no "%" in a tag's key; it takes ${taken}`,
      `tags.k: AWS takes no "<" ">" in a tag's value; it takes ${taken}`,
    ]);
    expect(tags({ k: "line\nbreak" })).to.deep.equal([
      `tags.k: AWS takes no "\\n" in a tag's value; it takes ${taken}`,
    ]);
    expect(tags({ k: "x".repeat(257) })).to.deep.equal(["tags.k: a tag's value has at most 256 characters, not 257"]);
    expect(tags({ ["k".repeat(129)]: "x" })[0]).to.match(/: a tag's key has at most 128 characters, not 129$/);
    expect(tags({ "": "x" })).to.deep.equal(['tags[""]: a tag without a key']);
  });

  it("are none that AWS, the program or the driver sets", () => {
    expect(tags({ "aws:team": "x", "AWS:team": "y" })).to.deep.equal([
      `tags["aws:team"]: keys that begin with aws: are AWS's own`,
      `tags["AWS:team"]: keys that begin with aws: are AWS's own`,
      `tags["AWS:team"]: the same as aws:team to IAM, which takes upper and lower case for one`,
    ]);
    expect(tags({ "gitlab-fargate-runners:stack": "x" })).to.deep.equal([
      `tags["gitlab-fargate-runners:stack"]: the program sets it to the stack's name`,
    ]);
    expect(tags({ "GitLab-Fargate-Runners:Stack": "x" })).to.have.length(1);
    expect(tags({ Name: "x", "gitlab-job-id": "1" })).to.deep.equal([
      "tags.Name: the program sets it on hosts",
      "tags.gitlab-job-id: the driver sets it on each task",
    ]);
  });

  it("differ by more than upper and lower case", () => {
    expect(tags({ team: "a", Team: "b" })).to.deep.equal([
      "tags.Team: the same as team to IAM, which takes upper and lower case for one",
    ]);
  });

  it("leave room for those of each task", () => {
    expect(tags(many(45))).to.deep.equal([]);
    expect(tags(many(46))).to.deep.equal([
      "tags: 46 tags; 45 are left of the 50 that AWS allows, as each task has 5 of its own",
    ]);
  });
});

describe("settings: versions", () => {
  const version = (of: "runner" | "go", given: unknown) => {
    const sha256 = "ab".repeat(32);
    return errorsOf(raw({ host: { runner: { sha256 }, [of]: { sha256, version: given } } }));
  };

  it("are versions, without what stands before them", () => {
    for (const good of ["19.4.0", "18.11.2", "19.5.0-rc1"]) expect(version("runner", good)).to.deep.equal([]);
    for (const good of ["1.26.8", "1.27rc1"]) expect(version("go", good)).to.deep.equal([]);
    expect(version("runner", "v19.4.0")).to.deep.equal([
      'host.runner.version: "v19.4.0" is not how it is written here; write 19.4.0',
    ]);
    expect(version("go", "go1.26.8")).to.deep.equal([
      'host.go.version: "go1.26.8" is not how it is written here; write 1.26.8',
    ]);
    for (const wrong of ["latest", "19.4", "19", "v19", "../19.4.0", ""]) {
      expect(version("runner", wrong)).to.deep.equal([
        `host.runner.version: ${JSON.stringify(wrong)} is not a version of GitLab Runner, like 19.4.0`,
      ]);
    }
  });
});

describe("settings: bounds of what jobs may ask for", () => {
  it("are within reach of the most CPU that a job can have", () => {
    const wrong = (cpu: number, most: number) =>
      "maxSize.memory: no job could use 30720 MiB: the most CPU that a job can have is " +
      `${cpu} (maxSize.cpu and sizes), and Fargate has up to ${most} MiB with it`;
    expect(errorsOf(raw({ maxSize: { cpu: 256, memory: 30720 } }))).to.deep.equal([wrong(1024, 8192)]);
    expect(errorsOf(raw({ maxSize: { memory: 30720 } }))).to.deep.equal([wrong(1024, 8192)]);
    expect(errorsOf(raw({ maxSize: { cpu: 4096, memory: 30720 } }))).to.deep.equal([]);
    const sizes = { large: { cpu: 4096, memory: 8192 } };
    expect(errorsOf(raw({ maxSize: { memory: 30720 }, sizes }))).to.deep.equal([]);
  });
});

describe("settings: warnings", () => {
  const warnings = (over: Record<string, unknown>) => warningsOf(parseSettings(raw(over)));

  it("are none where all is as usual", () => {
    expect(warnings({ groups: [{ path: "a", limit: 10 }], maxSize: { cpu: 1024, memory: 2048 } })).to.deep.equal([]);
  });

  it("say that no runner will exist", () => {
    const none = "groups, projects, instanceRunners: no entry; no runner will exist, and no job can run";
    for (const groups of [[], undefined]) expect(warnings({ groups })).to.deep.equal([none]);
    expect(warnings({ groups: [], instanceRunners: ["shared"] })).to.deep.equal([]);
  });

  it("are told where the settings are loaded, and nothing is refused", () => {
    const { warn } = pulumi.log;
    const told: string[] = [];
    const settings = Object.entries(raw({ groups: [] })).map(([key, value]) => [
      `gitlab-fargate-runners:${key}`,
      JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(settings), ["gitlab-fargate-runners:host"]);
    try {
      Object.assign(pulumi.log, { warn: async (message: string) => void told.push(message) });
      expect(loadSettings().entries).to.deep.equal([]);
    } finally {
      Object.assign(pulumi.log, { warn });
      pulumi.runtime.setAllConfig({});
    }
    expect(told).to.have.length(1);
    expect(told[0]).to.match(
      /^gitlab-fargate-runners:groups, projects, instanceRunners: no entry; no runner will exist/,
    );
  });

  it("say what has no effect", () => {
    const groups = ["a", { path: "b", limit: 50 }];
    expect(warnings({ groups, projects: [{ id: 7, limit: 11 }] })).to.deep.equal([
      "groups[1].limit: 50 has no effect; a host runs 10 jobs at once (host.concurrency)",
      "projects[0].limit: 11 has no effect; a host runs 10 jobs at once (host.concurrency)",
    ]);
    expect(warnings({ groups, host: { concurrency: 50 } })).to.deep.equal([]);
  });

  it("say that an account has few public addresses", () => {
    const hosts = (count: number, over: object = {}) => warnings({ host: { count }, ...over });
    expect(hosts(4)).to.deep.equal([]);
    expect(hosts(5)).to.have.length(1);
    expect(hosts(5)[0]).to.match(/^host\.count: 5 public hosts have an Elastic IP address each, .* has 5 in a region/);
    expect(hosts(5, { network: { assignPublicIp: false } })).to.deep.equal([]);
  });

  it("say that jobs may ask for less only", () => {
    expect(warnings({ maxSize: { cpu: 512 } })).to.deep.equal([
      "maxSize.cpu: 512 is less than the 1024 of sizes.default; jobs may ask for less only",
    ]);
  });
});
