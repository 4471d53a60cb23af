import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { parseSettings } from "../../components/settings/settings";
import { downloadsUrl, gitlabUrl, projectDir, region } from "../../sandbox/config";
import { ofType, plain } from "./support/deploy";
import { ingress, instance, run } from "./support/program";
import { raw, sha256 } from "./support/settings";

type Raw = Record<string, unknown>;
const prodSubnets = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"];
const prefix = "gitlab-fargate-runners:";

function configOf(stack: string): Raw {
  return parse(fs.readFileSync(path.join(projectDir, `Pulumi.${stack}.yaml`), "utf8")).config;
}

/** The stack's settings, with keys and checksums where the file leaves them to its user. */
function settingsOf(stack: string): Raw {
  const own = Object.entries(configOf(stack)).filter(([key]) => key.startsWith(prefix));
  const settings = Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])) as Raw;
  const { host } = raw() as { host: Raw };
  const given = settings.host as Raw;
  const pair = { publicKey: host.publicKey, privateKey: host.privateKey };
  const runner = { ...(host.runner as Raw), helperSha256: sha256, ...(given.runner as Raw) };
  return { ...settings, host: { ...host, ...given, ...pair, runner } };
}

describe("the stacks' files", () => {
  for (const stack of ["dev", "prod", "sandbox"]) {
    it(`${stack} holds settings that are accepted`, () => {
      expect(parseSettings(settingsOf(stack)).entries).to.not.be.empty;
    });
  }

  it("dev is small: one arm64 host with public addresses, jobs on spot capacity of what Docker builds nearly everywhere", () => {
    const { architecture, spot, network, host } = parseSettings(settingsOf("dev"));
    expect(host.architecture).to.equal("arm64");
    expect({ architecture, spot, network }).to.deep.equal({
      architecture: "x86_64",
      spot: "prefer",
      network: { assignPublicIp: true },
    });
  });

  it("prod has two hosts without public addresses, on demand, and protects what holds state", () => {
    const { network, host, spot, protect } = parseSettings(settingsOf("prod"));
    expect({ public: network.assignPublicIp, hosts: host.count, spot, protect }).to.deep.equal({
      public: false,
      hosts: 2,
      spot: "never",
      protect: true,
    });
  });

  it("prod is watched, and dev pays for none of it", () => {
    const { alarms, dashboard } = parseSettings(settingsOf("prod"));
    expect({ email: alarms?.email, dashboard }).to.deep.equal({ email: "ci@example.com", dashboard: true });
    const dev = parseSettings(settingsOf("dev"));
    expect([dev.alarms, dev.dashboard]).to.deep.equal([undefined, false]);
  });

  for (const [stack, hosts] of Object.entries({ dev: ["subnet-a"], prod: prodSubnets, sandbox: ["subnet-a"] })) {
    it(`${stack} is built: hosts in ${hosts.join(" and ")}, no port open to the world, no disk or bucket open to read`, async () => {
      const deployment = await run(settingsOf(stack), { stack });
      expect(deployment.errors).to.deep.equal([]);
      const instances = ofType(deployment, instance).map(({ inputs }) => plain<Raw>(inputs));
      expect(instances.map(({ subnetId }) => subnetId)).to.deep.equal(hosts);
      for (const { rootBlockDevice } of instances) expect(rootBlockDevice).to.include({ encrypted: true });
      const rules = ofType(deployment, ingress).map(({ inputs }) => plain<Raw>(inputs));
      expect(rules).to.not.be.empty;
      for (const { cidrIpv4 = "", cidrIpv6 = "", toPort } of rules) {
        expect(toPort).to.equal(22);
        expect(`${cidrIpv4}${cidrIpv6}`).to.not.match(/\/0$/);
      }
      const open = ofType(deployment, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
      expect(open.length).to.equal(ofType(deployment, "aws:s3/bucket:Bucket").length);
    });
  }

  it("sandbox names the sandbox's addresses", () => {
    const config = configOf("sandbox");
    const { host } = settingsOf("sandbox") as { host: { runner: Raw; go: Raw; goProxy: string } };
    expect(config["aws:region"]).to.equal(region);
    expect(config["gitlab:baseUrl"]).to.equal(`${gitlabUrl}/api/v4/`);
    expect(host.runner.baseUrl).to.equal(`${downloadsUrl}/gitlab-runner`);
    expect(host.go.baseUrl).to.equal(`${downloadsUrl}/go`);
    expect(host.goProxy).to.equal(`${downloadsUrl}/goproxy`);
  });

  it("hold secrets encrypted only", () => {
    const host = (configOf("sandbox")[`${prefix}host`] ?? {}) as { privateKey: unknown };
    expect(host.privateKey).to.have.all.keys("secure");
    expect(configOf("sandbox")["gitlab:token"]).to.have.all.keys("secure");
  });
});
