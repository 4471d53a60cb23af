import { expect } from "chai";
import { clusterArn } from "./support/aws";
import { FargateRunners } from "../../components/fargate-runners";
import { lookUp } from "../../components/look-ups/look-ups";
import { parseSettings } from "../../components/settings/settings";
import { deploy, only, plain, type Deployment } from "./support/deploy";
import { command, instance, run, tags } from "./support/program";
import { raw } from "./support/settings";

describe("host", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("is hardened: encrypted disk, session tokens only, one hop", () => {
    const { inputs, ignoreChanges } = only(base, instance);
    expect(plain(inputs)).to.deep.equal({
      ami: "ami-of-x86_64",
      instanceType: "t3.small",
      subnetId: "subnet-a",
      associatePublicIpAddress: false,
      vpcSecurityGroupIds: ["gitlab-runners-host-id"],
      iamInstanceProfile: "gitlab-runners-host",
      keyName: "gitlab-runners-host",
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 20, tags },
      tags: { ...tags, Name: "gitlab-runners-host-test" },
    });
    expect(ignoreChanges).to.have.members(["ami", "associatePublicIpAddress", "subnetId", "userData"]);
  });

  it("stays where it is in the default VPC, and follows the settings elsewhere", async () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-b", "subnet-a"] };
    const { inputs, ignoreChanges } = only(await run(raw({ network })), instance);
    expect(ignoreChanges).to.have.members(["ami", "associatePublicIpAddress", "userData"]);
    expect(plain(inputs)).to.include({ subnetId: "subnet-b", associatePublicIpAddress: false });
  });

  it("is replaced in another VPC, whose security group it could not join", async () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-b", "subnet-a"] };
    expect(only(await run(raw({ network })), instance).replacementTrigger).to.equal("vpc-1");
    expect(only(base, instance).replacementTrigger).to.equal("vpc-default");
  });

  it("has a public address of its own, which another host in its place does not take over", async () => {
    const address = only(base, "aws:ec2/eip:Eip");
    expect(plain(address.inputs)).to.deep.equal({ domain: "vpc", tags });
    expect(address.replaceWith).to.deep.equal(["gitlab-runners-host"]);
    expect(plain(only(base, "aws:ec2/eipAssociation:EipAssociation").inputs)).to.deep.equal({
      allocationId: "gitlab-runners-host-allocation",
      instanceId: "gitlab-runners-host-id",
    });
    const hidden = await run(raw({ network: { assignPublicIp: false } }));
    expect(hidden.resources.filter(({ type }) => type.startsWith("aws:ec2/eip"))).to.deep.equal([]);
  });

  it("is where its instance type is", async () => {
    const { resources } = await run(raw(), { zones: ["eu-central-1b"] });
    const subnets = resources.filter(({ type }) => type === instance).map(({ inputs }) => inputs.subnetId);
    expect(subnets).to.deep.equal(["subnet-b"]);
    const refused = async (zones: string[]) => (await run(raw(), { zones })).errors;
    expect(await refused([])).to.deep.equal(["host.instanceType: EC2 has no t3.small in this region"]);
    expect(await refused(["eu-central-1c"])).to.deep.equal([
      "host.instanceType: EC2 has no t3.small in the subnets' zones, eu-central-1a, eu-central-1b; it is in eu-central-1c",
    ]);
  });

  it("is placed by what AWS tells, or the setting is named", async () => {
    const { errors, resources } = await run(raw(), { noOfferings: true });
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(
      /^host\.instanceType: AWS does not tell where it has t3\.small; check the credentials.*\* UnauthorizedOperation: not allowed\)$/,
    );
    expect(resources).to.deep.equal([]);
  });

  it("is joined by another one in another zone, which changes nothing of the first", async () => {
    const two = await run(raw({ host: { count: 2 } }));
    expect(two.errors).to.deep.equal([]);
    const inputs = new Map(base.resources.map(({ urn, inputs }) => [urn, JSON.stringify(inputs)]));
    const changed = two.resources.filter((r) => inputs.has(r.urn) && inputs.get(r.urn) !== JSON.stringify(r.inputs));
    expect(changed.map(({ urn }) => urn)).to.deep.equal([]);
    const added = two.resources.filter(({ urn }) => !inputs.has(urn));
    const setup = [
      ..."folders runner go driver-source driver config-toml fargate-toml service reap".split(" "),
      ..."monitor-folder monitor-source monitor log report drain".split(" "),
    ];
    expect(added.map(({ name }) => name)).to.have.members([
      // Instance, its address, what gives it that, HostSetup and HostMonitor.
      ...Array<string>(5).fill("gitlab-runners-host-2"),
      ...setup.map((suffix) => `gitlab-runners-host-2-${suffix}`),
    ]);
    expect(two.resources.length).to.equal(base.resources.length + added.length);
    const second = only(two, instance, "gitlab-runners-host-2");
    expect(plain(second.inputs)).to.deep.include({
      subnetId: "subnet-b",
      iamInstanceProfile: "gitlab-runners-host",
      vpcSecurityGroupIds: ["gitlab-runners-host-id"],
      tags: { ...tags, Name: "gitlab-runners-host-2-test" },
    });
  });

  it("is set up alone: each host's commands go to it, with the same files", async () => {
    const three = await run(raw({ host: { count: 3 } }));
    const hosts = ["gitlab-runners-host", "gitlab-runners-host-2", "gitlab-runners-host-3"];
    const commands = hosts.map((host) =>
      three.resources.filter(
        ({ type, urn }) => type.startsWith("command:remote:") && new RegExp(`::${host}-[a-z-]+$`).test(urn),
      ),
    );
    expect(commands.map((list) => list.length)).to.deep.equal([14, 14, 14]);
    commands.forEach((list, index) => {
      for (const { inputs } of list) {
        expect(plain(inputs.connection)).to.include({ host: `198.51.100.${10 + index}` });
        expect(inputs.triggers).to.deep.equal([`${hosts[index]}-id`]);
      }
    });
    const stdin = (host: string) => plain(only(three, command, `${host}-config-toml`).inputs).stdin;
    expect(new Set(hosts.map(stdin)).size).to.equal(1);
    // Draining one host waits for no other one.
    const service = only(three, command, "gitlab-runners-host-service");
    expect(service.dependsOn).to.not.include.members(["gitlab-runners-host-2"]);
  });

  it("is one of several in the stack's outputs", async () => {
    const settings = parseSettings(raw({ host: { count: 2 } }));
    let hosts: unknown;
    await deploy(async () => {
      const runners = new FargateRunners("gitlab-runners", { settings, ...(await lookUp(settings)) });
      hosts = await new Promise((resolve) => runners.hosts.apply(resolve));
    });
    expect(hosts).to.deep.equal([
      { id: "gitlab-runners-host-id", privateAddress: "172.31.0.10", publicAddress: "198.51.100.10" },
      { id: "gitlab-runners-host-2-id", privateAddress: "172.31.0.11", publicAddress: "198.51.100.11" },
    ]);
  });

  it("has a policy without wildcards among its actions", () => {
    const { policy } = plain<{ policy: string }>(
      only(base, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host").inputs,
    );
    const statements: { Action: string[] }[] = JSON.parse(policy).Statement;
    expect(statements.flatMap(({ Action }) => Action)).to.have.members([
      "ecs:RunTask",
      "ecs:DescribeTasks",
      "ecs:StopTask",
      "ecs:ListTasks",
      "ecs:TagResource",
      "iam:PassRole",
      "s3:GetObject",
      "s3:PutObject",
      "s3:ListBucket",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]);
    expect(policy).to.contain(clusterArn("gitlab-runners-1a2b3c4"));
  });
});
