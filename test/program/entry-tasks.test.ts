/** Entries whose jobs' tasks have a role, a network or a kind of capacity of their own. */
import { expect } from "chai";
import { parse } from "smol-toml";
import { compareGrants } from "../../automation/iam";
import { byName, command, ingress, run, tags } from "./support/program";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { errorsOf, raw } from "./support/settings";

const roleArn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
const [taskRole, other] = [roleArn("ci/deploy"), roleArn("read")];
const network = { subnetIds: ["subnet-c"], securityGroupIds: ["sg-1", "sg-2"], assignPublicIp: false };
const aws = { roles: { deploy: { arn: taskRole } } };

/** The parts of the driver's and the runner's files that are about profiles. */
function files(deployment: Deployment) {
  const file = <T>(name: string) =>
    parse(plain<string>(only(deployment, command, `gitlab-runners-host-${name}`).inputs.stdin)) as T;
  const { Fargate, Profiles } = file<{ Fargate: object; Profiles: Record<string, object> }>("fargate-toml");
  const { runners } = file<{ runners: { name: string; custom: { run_args: string[] } }[] }>("config-toml");
  const profileOf = (args: string[]) => args[args.indexOf("--profile") + 1];
  return {
    Fargate,
    Profiles,
    chosen: Object.fromEntries(
      runners.map(({ name, custom: { run_args: args } }) => [
        name,
        args.includes("--profile") ? profileOf(args) : undefined,
      ]),
    ),
  };
}

const hostPolicy = (deployment: Deployment) =>
  String(plain(only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host").inputs).policy);
const passed = (deployment: Deployment) =>
  (JSON.parse(hostPolicy(deployment)) as { Statement: { Action: string[]; Resource: string[] }[] }).Statement.filter(
    ({ Action }) => Action.includes("iam:PassRole"),
  ).map(({ Resource }) => Resource);
const own = (name: string) => roleArn(`gitlab-runners-${name}`);

describe("entries with tasks of their own kind", () => {
  let base: Deployment;
  let deployment: Deployment;

  before(async () => {
    base = await run(raw({ groups: ["acme/backend", "acme/data", "acme/web"] }), aws);
    const groups = [
      { path: "acme/backend", taskRole, network },
      { path: "acme/data", taskRole: other, spot: "only", maxSize: { cpu: 4096 } },
      "acme/web",
    ];
    const projects = [
      { path: "acme/api", spot: "never" },
      { path: "acme/site", taskRole },
    ];
    deployment = await run(raw({ groups, projects, spot: "prefer", maxSize: { memory: 4096 } }), aws);
    expect(deployment.errors).to.deep.equal([]);
  });

  it("are a profile of the driver each, named by the entry, which chooses it", () => {
    const { Profiles, chosen } = files(deployment);
    const size = {
      TaskDefinition: "gitlab-fargate-runners-test_default:7",
      AllowedTaskDefinitions: ["gitlab-fargate-runners-test_default:7"],
      ...{ MaxCPU: 0, MaxMemory: 4096, MaxEphemeralStorage: 0 },
    };
    expect(Profiles).to.deep.equal({
      "group/acme/backend": {
        ...size,
        TaskRole: taskRole,
        Subnets: ["subnet-c"],
        SecurityGroups: ["sg-1", "sg-2", "gitlab-runners-task-ssh-id"],
        EnablePublicIP: false,
      },
      "group/acme/data": {
        ...size,
        ...{ MaxCPU: 4096, MaxMemory: 0 },
        TaskRole: other,
        CapacityProviders: [{ Name: "FARGATE_SPOT", Weight: 1, Base: 0 }],
        OnDemandFallback: false,
      },
      "project/acme/api": {
        ...size,
        CapacityProviders: [{ Name: "FARGATE", Weight: 1, Base: 0 }],
        OnDemandFallback: false,
      },
      "project/acme/site": { ...size, TaskRole: taskRole },
    });
    expect(chosen).to.deep.equal({
      "acme/backend": "group/acme/backend",
      "acme/data": "group/acme/data",
      "acme/web": undefined,
      "acme/api": "project/acme/api",
      "acme/site": "project/acme/site",
    });
  });

  it("leave the tasks of all others as they are", () => {
    const { Fargate } = files(deployment);
    expect(Fargate).to.not.have.any.keys("TaskRole");
    expect(Fargate).to.deep.include({
      Subnets: ["subnet-a", "subnet-b"],
      SecurityGroups: ["gitlab-runners-task-id"],
      EnablePublicIP: true,
      OnDemandFallback: true,
    });
    for (const { inputs } of ofType(deployment, "aws:ecs/taskDefinition:TaskDefinition")) {
      expect(plain(inputs).taskRoleArn).to.equal(own("task"));
    }
  });

  it("let the host hand on exactly the roles that they name, which a merge request has to acknowledge", () => {
    expect(passed(base)).to.deep.equal([[own("execution"), own("task")]]);
    expect(passed(deployment)).to.deep.equal([[own("execution"), own("task"), taskRole, other]]);
    expect(compareGrants(hostPolicy(base), hostPolicy(deployment))).to.equal("wider");
    expect(compareGrants(hostPolicy(deployment), hostPolicy(base))).to.equal("same or narrower");
  });

  it("are reached by the hosts, by a group that lets nothing out, whatever their own groups say", () => {
    const group = only(deployment, "aws:ec2/securityGroup:SecurityGroup", "gitlab-runners-task-ssh");
    expect(plain(group.inputs)).to.deep.equal({
      description: "CI jobs with other groups: SSH from the runner host only",
      vpcId: "vpc-default",
      tags,
    });
    const about = (type: string) =>
      ofType(deployment, type)
        .map(({ inputs }) => plain(inputs))
        .filter(({ securityGroupId }) => securityGroupId === "gitlab-runners-task-ssh-id");
    expect(about(ingress)).to.deep.equal([
      {
        securityGroupId: "gitlab-runners-task-ssh-id",
        referencedSecurityGroupId: "gitlab-runners-host-id",
        ...{ ipProtocol: "tcp", fromPort: 22, toPort: 22, description: "SSH from the runner host", tags },
      },
    ]);
    expect(about("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")).to.deep.equal([]);
    // No rule is put into a group of somebody else's.
    expect(JSON.stringify(byName(deployment).filter(([urn]) => String(urn).includes("ecurityGroup")))).to.not.contain(
      "sg-1",
    );
  });

  it("make nothing where no entry has groups of its own", () => {
    expect(ofType(base, "aws:ec2/securityGroup:SecurityGroup").map(({ name }) => name)).to.have.members([
      "gitlab-runners-host",
      "gitlab-runners-task",
    ]);
  });

  describe("as settings", () => {
    const refused = (entry: object) => errorsOf(raw({ groups: [{ path: "a", ...entry }] }));

    it("are ARNs and ids, within what ECS takes", () => {
      for (const wrong of ["deploy", "arn:aws:iam::123456789012:user/a", "arn:aws:iam::1:role/a", `${taskRole}/`]) {
        expect(refused({ taskRole: wrong })).to.deep.equal([
          `groups[0].taskRole: not the ARN of a role, like "arn:aws:iam::123456789012:role/deploy": "${wrong}"`,
        ]);
      }
      const groups = ["sg-1", "sg-2", "sg-3", "sg-4", "sg-5"];
      expect(refused({ network: { subnetIds: ["vpc-1"], securityGroupIds: groups } })).to.deep.equal([
        'groups[0].network.subnetIds[0]: "vpc-1" does not begin with "subnet-"',
        "groups[0].network.securityGroupIds: ECS takes 5 of a task at most, and one lets the hosts in by SSH",
      ]);
    });

    it("say something: an empty network, an unknown capacity and another VPC are none", () => {
      expect(refused({ network: {} })).to.deep.equal([
        "groups[0].network: empty; take it out, or say what is its own of the stack's network",
      ]);
      expect(refused({ spot: "always" })).to.have.length(1);
      expect(refused({ network: { vpcId: "vpc-2", assignPublicIp: true } })[0]).to.match(
        /^groups\[0\]\.network\.vpcId: unknown key; did you mean network\.vpcId\?$/,
      );
    });
  });

  describe("are looked up before anything is made", () => {
    const trust = (statement: object) => ({ roles: { read: { statement } } });
    const says = async (entry: object, world: object, settings = {}) => {
      const { errors, resources, calls } = await run(
        raw({ groups: ["b", { path: "a", ...entry }], ...settings }),
        world,
      );
      expect(resources).to.deep.equal([]);
      return { lines: errors.flatMap((error) => error.split("\n")), calls };
    };
    const said = (what: string) =>
      `(invoking aws:ec2/get${what.replace(" ", "")}:get${what.replace(" ", "")}: 1 error occurred: * no matching EC2 ` +
      `${what} found)`;

    it("subnets and groups in the stack's VPC, all at once, each asked for once", async () => {
      const both = { subnetIds: ["subnet-x", "subnet-a"], securityGroupIds: ["sg-x"] };
      const { lines, calls } = await says(
        { network: both },
        { missing: ["subnet-x", "sg-x"] },
        {
          projects: [{ path: "c/d", network: { securityGroupIds: ["sg-x"] } }],
        },
      );
      const group = `no security group sg-x in vpc-default ${said("Security Group")}`;
      expect(lines).to.deep.equal([
        `groups[1].network.subnetIds[0]: no subnet subnet-x in vpc-default ${said("Subnet")}`,
        `groups[1].network.securityGroupIds[0]: ${group}`,
        `projects[0].network.securityGroupIds[0]: ${group}`,
      ]);
      expect(calls.filter((token) => token.includes("getSecurityGroup"))).to.have.length(1);
    });

    it("not where there is no VPC at all, which is told once", async () => {
      const { lines } = await says({ network: { securityGroupIds: ["sg-x"] } }, { noDefaultVpc: true });
      expect(lines).to.have.length(1);
    });

    it("groups that are the stack's own, above all the hosts', are refused", async () => {
      const mark = { "gitlab-fargate-runners:stack": "prod" };
      const { lines } = await says({ network: { securityGroupIds: ["sg-h"] } }, { tags: { "sg-h": mark } });
      expect(lines).to.deep.equal([
        "groups[1].network.securityGroupIds[0]: sg-h is a security group of the stack prod itself, not one for jobs",
      ]);
    });

    const roles: [what: string, world: object, message: string | RegExp][] = [
      ["of no such name", { missing: ["read"] }, /^this account has no role read \(.*couldn't find resource\)$/],
      [
        "of another account or path",
        { roles: { read: { arn: "arn:aws:iam::210987654321:role/read" } } },
        "this account's role read is arn:aws:iam::210987654321:role/read, and tasks get roles of their account only",
      ],
      [
        "of a stack itself",
        { tags: { read: { "gitlab-fargate-runners:stack": "test" } } },
        "read is a role of the stack test itself, not one for jobs",
      ],
      [
        "of EC2",
        trust({ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }),
        "read is no role for tasks: its trust policy lets ecs-tasks.amazonaws.com not assume it",
      ],
      [
        "that ECS is denied",
        trust({ Effect: "Deny", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } }),
        /^read is no role for tasks/,
      ],
      [
        "that may not be looked at",
        { roles: { read: { denied: true } } },
        /^AWS does not tell of the role read; the deployment needs iam:GetRole on it: npm run policies \(.*AccessDenied/,
      ],
    ];
    for (const [what, world, message] of roles) {
      it(`a role ${what} is refused`, async () => {
        const { lines } = await says({ taskRole: other }, world);
        expect(lines).to.have.length(1);
        const [path, ...rest] = lines[0].split(": ");
        expect(path).to.equal("groups[1].taskRole");
        if (typeof message === "string") expect(rest.join(": ")).to.equal(message);
        else expect(rest.join(": ")).to.match(message);
      });
    }
  });
});
