import { expect } from "chai";
import { parse } from "smol-toml";
import { FargateRunners } from "../../components/fargate-runners";
import { lookUp } from "../../components/look-ups";
import { withoutBuildOnPreview } from "../../components/job-image";
import { parseSettings } from "../../components/settings";
import { clusterArn, tokenOf } from "./support/aws";
import { deploy, isSecret, ofType, only, plain, type Deployment, type World } from "./support/deploy";
import { privateKey, raw, sha256 } from "./support/settings";

const run = (settings: Record<string, unknown> = raw(), world?: World) =>
  deploy(async () => {
    const parsed = parseSettings(settings);
    return new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)) });
  }, world);

const runner = "gitlab:index/userRunner:UserRunner";
const command = "command:remote:Command";
const everything = (deployment: Deployment) => JSON.stringify(deployment.resources);
const tags = { "gitlab-fargate-runners:stack": "test" };

describe("the program", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("registers these resources and no others", () => {
    expect(base.errors).to.deep.equal([]);
    const counts: Record<string, number> = {};
    for (const { type } of base.resources) counts[type] = (counts[type] ?? 0) + 1;
    const own = (name: string) => `gitlab-fargate-runners:index:${name}`;
    expect(counts).to.deep.equal({
      [own("FargateRunners")]: 1,
      [own("JobImage")]: 1,
      [own("JobCluster")]: 1,
      [own("BuildCache")]: 1,
      [own("RunnerTokens")]: 1,
      [own("RunnerHost")]: 1,
      [own("HostSetup")]: 1,
      "awsx:ecr:Repository": 1,
      "awsx:ecr:Image": 1,
      "aws:ecs/cluster:Cluster": 1,
      "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": 1,
      "aws:ecs/taskDefinition:TaskDefinition": 1,
      "aws:cloudwatch/logGroup:LogGroup": 1,
      // Execution, task, host; the task's has no policy.
      "aws:iam/role:Role": 3,
      "aws:iam/rolePolicy:RolePolicy": 2,
      "aws:iam/instanceProfile:InstanceProfile": 1,
      "aws:ec2/securityGroup:SecurityGroup": 2,
      "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
      "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 2,
      "aws:ec2/keyPair:KeyPair": 1,
      "aws:ec2/instance:Instance": 1,
      "aws:s3/bucket:Bucket": 1,
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
      "aws:s3/bucketPolicy:BucketPolicy": 1,
      [runner]: 1,
      "command:remote:CopyToRemote": 1,
      // folders, runner, go, driver, config-toml, fargate-toml, service, reap
      [command]: 8,
    });
  });

  it("gives every resource a name of its own", () => {
    const urns = base.resources.map(({ urn }) => urn);
    expect(new Set(urns).size).to.equal(urns.length);
  });

  describe("cluster", () => {
    it("runs the job image as ci-coordinator, reachable by SSH, its log kept", () => {
      const { containerDefinitions, ...inputs } = plain(only(base, "aws:ecs/taskDefinition:TaskDefinition").inputs);
      const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job";
      expect(JSON.parse(containerDefinitions as string)).to.deep.equal([
        {
          name: "ci-coordinator",
          image: `${repository}@sha256:${"e".repeat(64)}`,
          essential: true,
          portMappings: [{ containerPort: 22, hostPort: 22, protocol: "tcp" }],
          linuxParameters: { initProcessEnabled: true },
          logConfiguration: {
            logDriver: "awslogs",
            options: {
              "awslogs-group": "gitlab-runners-1a2b3c4",
              "awslogs-region": "eu-central-1",
              "awslogs-stream-prefix": "job",
            },
          },
        },
      ]);
      expect(inputs).to.deep.equal({
        family: "gitlab-fargate-runners-test-default",
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        cpu: "1024",
        memory: "2048",
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
        executionRoleArn: "arn:aws:iam::123456789012:role/gitlab-runners-execution",
        taskRoleArn: "arn:aws:iam::123456789012:role/gitlab-runners-task",
        tags,
      });
    });

    it("has a task definition for each size", async () => {
      const sizes = { large: { cpu: 4096, memory: 16384, ephemeralStorage: 60 } };
      const deployment = await run(raw({ sizes, architecture: "arm64" }));
      const large = only(deployment, "aws:ecs/taskDefinition:TaskDefinition", "gitlab-fargate-runners-test-large");
      expect(ofType(deployment, "aws:ecs/taskDefinition:TaskDefinition")).to.have.length(2);
      expect(plain(large.inputs)).to.deep.include({
        cpu: "4096",
        memory: "16384",
        ephemeralStorage: { sizeInGib: 60 },
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "ARM64" },
      });
    });

    it("has a default strategy, for callers that name none", async () => {
      const type = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders";
      const strategy = async (spot: string) =>
        plain(only(await run(raw({ spot })), type).inputs).defaultCapacityProviderStrategies;
      expect(await strategy("never")).to.deep.equal([{ capacityProvider: "FARGATE", weight: 1, base: 0 }]);
      expect(await strategy("only")).to.deep.equal([{ capacityProvider: "FARGATE_SPOT", weight: 1, base: 0 }]);
    });

    it("gives jobs a role without any policy", () => {
      const roles = ofType(base, "aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => inputs.role);
      expect(roles).to.have.members(["gitlab-runners-execution-id", "gitlab-runners-host-id"]);
    });
  });

  describe("image", () => {
    it("is built from image/ for the architecture, never in a preview", async () => {
      const image = only(base, "awsx:ecr:Image");
      expect(plain(image.inputs)).to.deep.equal({
        repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job",
        context: "image",
        args: {},
        platform: "linux/amd64",
      });
      expect(image.transforms).to.equal(1);
      const child = { type: "docker-build:index:Image", name: "i", custom: true, opts: {} };
      const changed = await withoutBuildOnPreview({ ...child, props: { push: true, buildOnPreview: true } });
      expect(changed?.props).to.deep.equal({ push: true, buildOnPreview: false });
      expect(await withoutBuildOnPreview({ ...child, type: "aws:ecr/repository:Repository", props: {} })).to.equal(
        undefined,
      );
    });

    it("can be one built elsewhere: then nothing is built", async () => {
      const deployment = await run(raw({ image: { uri: "registry.example.com/job:1" } }));
      expect(ofType(deployment, "awsx:ecr:Image").concat(ofType(deployment, "awsx:ecr:Repository"))).to.be.empty;
      const { containerDefinitions } = plain(only(deployment, "aws:ecs/taskDefinition:TaskDefinition").inputs);
      expect(JSON.parse(containerDefinitions as string)[0].image).to.equal("registry.example.com/job:1");
    });
  });

  describe("network", () => {
    const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

    it("lets the host alone reach jobs, and administrators alone the host, on port 22 alone", () => {
      const rules = ofType(base, ingress).map(({ inputs }) => plain(inputs));
      const ssh = { ipProtocol: "tcp", fromPort: 22, toPort: 22, tags };
      expect(rules).to.have.deep.members([
        { ...ssh, securityGroupId: "gitlab-runners-host-id", cidrIpv4: "203.0.113.0/24", description: "SSH" },
        {
          ...ssh,
          securityGroupId: "gitlab-runners-task-id",
          referencedSecurityGroupId: "gitlab-runners-host-id",
          description: "SSH from the runner's host",
        },
      ]);
      const groups = ofType(base, "aws:ec2/securityGroup:SecurityGroup");
      for (const { inputs } of groups) expect(inputs).to.not.have.any.keys("ingress", "egress");
    });

    it("is the default VPC where none is named", () => {
      expect(plain(only(base, "aws:ec2/instance:Instance").inputs)).to.include({ subnetId: "subnet-a" });
      for (const { inputs } of ofType(base, "aws:ec2/securityGroup:SecurityGroup")) {
        expect(plain(inputs)).to.include({ vpcId: "vpc-default" });
      }
    });

    it("is the one that is named, without a look-up", async () => {
      const network = { vpcId: "vpc-1", subnetIds: ["subnet-9", "subnet-1"] };
      const deployment = await run(raw({ network }));
      expect(deployment.calls).to.not.include("aws:ec2/getVpc:getVpc");
      const { subnetId, associatePublicIpAddress } = plain(only(deployment, "aws:ec2/instance:Instance").inputs);
      expect({ subnetId, associatePublicIpAddress }).to.deep.equal({
        subnetId: "subnet-9",
        associatePublicIpAddress: false,
      });
    });

    it("says what to do where there is no default VPC, and creates nothing", async () => {
      const { errors, resources } = await run(raw(), { noDefaultVpc: true });
      expect(errors).to.have.length(1);
      expect(errors[0]).to.match(/^network: no default VPC in this region; name one by network\.vpcId/);
      expect(resources).to.deep.equal([]);
    });
  });

  describe("host", () => {
    it("is hardened: encrypted disk, session tokens only, one hop", () => {
      const { inputs, ignoreChanges } = only(base, "aws:ec2/instance:Instance");
      expect(plain(inputs)).to.deep.equal({
        ami: "ami-of-x86_64",
        instanceType: "t3.small",
        subnetId: "subnet-a",
        associatePublicIpAddress: true,
        vpcSecurityGroupIds: ["gitlab-runners-host-id"],
        iamInstanceProfile: "gitlab-runners-host",
        keyName: "gitlab-runners-host",
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 20 },
        tags: { ...tags, Name: "gitlab-runners-host-test" },
      });
      expect(ignoreChanges).to.deep.equal(["ami"]);
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
        "s3:DeleteObject",
        "s3:ListBucket",
      ]);
      expect(policy).to.contain(clusterArn("gitlab-runners-1a2b3c4"));
    });
  });

  describe("cache", () => {
    const bucket = "gitlab-runners-cache-id";

    it("is private, encrypted, over TLS and expires", () => {
      const inputs = (type: string) => plain(only(base, `aws:s3/${type}`).inputs);
      expect(inputs("bucketPublicAccessBlock:BucketPublicAccessBlock")).to.deep.equal({
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
      expect(inputs("bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")).to.deep.equal({
        bucket,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
      });
      expect(inputs("bucketLifecycleConfiguration:BucketLifecycleConfiguration").rules).to.deep.equal([
        {
          id: "expire",
          status: "Enabled",
          filter: { prefix: "" },
          expiration: { days: 30 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ]);
      expect(inputs("bucketPolicy:BucketPolicy").policy).to.contain("aws:SecureTransport");
    });

    it("can be left out, with its permissions and its part of config.toml", async () => {
      const deployment = await run(raw({ cache: { enabled: false } }));
      expect(deployment.resources.filter(({ type }) => type.startsWith("aws:s3/"))).to.be.empty;
      expect(JSON.stringify(plain(deployment.resources)))
        .to.not.contain("s3:")
        .and.not.contain("[runners.cache");
    });
  });

  describe("runners", () => {
    it("take over what their entries say", async () => {
      const entry = {
        path: "acme/data",
        name: "data",
        tags: ["gpu", "large"],
        untagged: false,
        protected: true,
        locked: true,
        paused: true,
        maximumTimeout: 7200,
        maintenanceNote: "by the data team",
      };
      const deployment = await run(raw({ groups: [entry], projects: ["acme/api"], instanceRunners: ["shared"] }));
      const inputs = (key: string) => plain(only(deployment, runner, `gitlab-runners-${key}`).inputs);
      expect(inputs("group/acme/data")).to.deep.equal({
        runnerType: "group_type",
        groupId: 1009,
        description: "data",
        tagLists: ["gpu", "large"],
        untagged: false,
        accessLevel: "ref_protected",
        locked: true,
        paused: true,
        maximumTimeout: 7200,
        maintenanceNote: "by the data team",
      });
      expect(inputs("project/acme/api")).to.deep.include({ runnerType: "project_type", projectId: 1008 });
      expect(inputs("project/acme/api")).to.not.have.property("groupId");
      expect(inputs("instance/shared")).to.deep.include({ runnerType: "instance_type", accessLevel: "not_protected" });
      expect(inputs("instance/shared")).to.not.have.any.keys("groupId", "projectId");
    });

    it("of groups that GitLab does not have are refused by name, all at once, before anything is created", async () => {
      const groups = ["acme/backend", "acme/nope", "acme/neither"];
      const { errors, resources } = await run(raw({ groups }), { missing: ["acme/nope", "acme/neither"] });
      expect(errors).to.have.length(1);
      const [first, second, ...others] = errors[0].split("\n");
      expect(first).to.match(/^groups: GitLab has no group "acme\/nope".*404 Group Not Found/);
      expect(second).to.match(/^groups: GitLab has no group "acme\/neither"/);
      expect(others).to.deep.equal([]);
      expect(resources).to.deep.equal([]);
    });

    it("come and go alone: one more entry is one more runner and another config.toml, in place", async () => {
      const more = await run(raw({ groups: ["acme/frontend", "acme/backend"] }));
      const key = ({ type, name }: { type: string; name: string }) => `${type} ${name}`;
      const inputs = new Map(base.resources.map((r) => [key(r), JSON.stringify(r.inputs)]));
      const added = more.resources.filter((r) => !inputs.has(key(r)));
      const changed = more.resources.filter(
        (r) => inputs.has(key(r)) && inputs.get(key(r)) !== JSON.stringify(r.inputs),
      );
      expect(added.map(key)).to.deep.equal([`${runner} gitlab-runners-group/acme/frontend`]);
      expect(changed.map(key)).to.deep.equal([`${command} gitlab-runners-host-config-toml`]);
      const [before, after] = [only(base, command, "gitlab-runners-host-config-toml"), changed[0]].map((r) =>
        plain(r.inputs),
      );
      expect({ ...after, stdin: "" }).to.deep.equal({ ...before, stdin: "" });
      expect(after.stdin).to.contain(tokenOf("gitlab-runners-group/acme/backend"));
      expect(more.resources).to.have.length(base.resources.length + 1);
    });

    it("do not depend on the order of the entries", async () => {
      const groups = ["acme/backend", { path: "acme/data", tags: ["x"] }, "acme/frontend"];
      const byName = ({ resources }: Deployment) =>
        [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1)).map(({ urn, inputs }) => [urn, inputs]);
      const one = await run(raw({ groups }));
      const other = await run(raw({ groups: [...groups].reverse() }));
      expect(byName(other)).to.deep.equal(byName(one));
    });
  });

  describe("set-up of the host", () => {
    const named = (suffix: string) => only(base, command, `gitlab-runners-host-${suffix}`);

    it("connects by SSH with the stack's key, patiently, and is done anew for another host", () => {
      const setup = base.resources.filter(({ type }) => type.startsWith("command:remote:"));
      expect(setup).to.have.length(9);
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
      expect(everything(base)).to.contain("OPENSSH PRIVATE KEY");
      expect(outsideSecrets).to.not.contain("OPENSSH PRIVATE KEY");
    });

    it("installs pinned archives by their checksums", async () => {
      const go = { version: "1.26.8", baseUrl: "http://mirror/go/", sha256 };
      const deployment = await run(raw({ architecture: "arm64", host: { go } }));
      const create = (suffix: string) =>
        plain(only(deployment, command, `gitlab-runners-host-${suffix}`).inputs).create;
      expect(create("runner"))
        .to.contain("/gitlab-runner-downloads/v19.4.0/binaries/gitlab-runner-linux-arm64'")
        .and.contain(`!= ${sha256} ]`);
      expect(create("go")).to.contain("'http://mirror/go/go1.26.8.linux-arm64.tar.gz'").and.contain(`!= ${sha256} ]`);
    });

    it("builds the driver from the folder that its sources are copied to", () => {
      const copy = plain(only(base, "command:remote:CopyToRemote").inputs);
      expect(copy.source).to.include({ path: "driver/" });
      expect(copy.remotePath).to.match(/^\/opt\/gitlab-runner\/src\/[0-9a-f]{16}$/);
      expect(named("driver").inputs.create).to.contain(`cd ${copy.remotePath}\n`);
    });

    it("configures the driver for cluster, network and size", () => {
      const { Fargate } = parse(plain<string>(named("fargate-toml").inputs.stdin)) as { Fargate: unknown };
      expect(Fargate).to.deep.equal({
        Cluster: "gitlab-runners-1a2b3c4",
        Region: "eu-central-1",
        Subnets: ["subnet-a", "subnet-b"],
        SecurityGroups: ["gitlab-runners-task-id"],
        TaskDefinition: "gitlab-fargate-runners-test-default:7",
        EnablePublicIP: true,
        UsePublicIP: false,
        CapacityProviders: [{ Name: "FARGATE", Weight: 1, Base: 0 }],
        MaxJobs: 10,
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
        ["acme/data", ["FARGATE_TASK_DEFINITION=gitlab-fargate-runners-test-large:7"]],
      ]);
    });

    it("starts the runner last, when all that jobs need is there, and drains it first", () => {
      const service = named("service");
      expect(service.dependsOn).to.include.members([
        "gitlab-runners-host-config-toml",
        "gitlab-runners-host-fargate-toml",
        "gitlab-runners-host",
        "gitlab-runners-job-ssh",
        "gitlab-runners-cache",
        "gitlab-runners",
      ]);
      expect(service.inputs.delete).to.contain("systemctl disable --now gitlab-runner.service");
      expect(service.inputs.update).to.contain("systemctl --no-block restart gitlab-runner.service");
      const withDelete = ofType(base, command).filter(({ inputs }) => inputs.delete !== undefined);
      expect(withDelete).to.have.members([service, named("reap")]);
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
      expect(reap.inputs.delete).to.contain("systemctl disable --now gitlab-runner-reap.timer");
      expect(reap.inputs.stdin).to.equal(undefined);
    });
  });

  it("puts the stack's tags on all that takes some", async () => {
    const deployment = await run(raw({ tags: { team: "ci" } }), { stack: "prod" });
    const tagged = deployment.resources.filter(({ inputs }) => inputs.tags !== undefined);
    expect(tagged.length).to.be.greaterThan(14);
    for (const { inputs } of tagged) {
      expect(inputs.tags).to.deep.include({ team: "ci", "gitlab-fargate-runners:stack": "prod" });
    }
  });
});
