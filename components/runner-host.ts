import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { assumedBy } from "./iam-documents";

export interface RunnerHostArgs {
  instanceType: string;
  /** Of a new host; the one that is there keeps its own. */
  amiId: string;
  vpcId: string;
  subnetId: string;
  publicAddress: boolean;
  publicKey: string;
  /** Networks that may reach the SSH port. */
  adminCidrs: readonly string[];
  /** What the host may do in AWS. */
  policy: pulumi.Input<string>;
  tags: Record<string, string>;
}

/** The machine that polls GitLab and hands its jobs to Fargate tasks. */
export class RunnerHost extends pulumi.ComponentResource {
  readonly instance: ec2.Instance;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(name: string, args: RunnerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:RunnerHost", name, {}, opts);
    this.securityGroup = this.createSecurityGroup(name, args);
    const profile = this.createInstanceProfile(name, args);
    const key = new ec2.KeyPair(name, { publicKey: args.publicKey, tags: args.tags }, { parent: this });
    this.instance = this.createInstance(name, args, profile, key);
    this.registerOutputs({ instanceId: this.instance.id });
  }

  private createSecurityGroup(name: string, { vpcId, adminCidrs, tags }: RunnerHostArgs): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(
      name,
      { description: "GitLab runner host: SSH from the administrators' networks", vpcId, tags },
      { parent: this },
    );
    for (const cidr of adminCidrs) {
      const source = cidr.includes(":") ? { cidrIpv6: cidr } : { cidrIpv4: cidr };
      new vpc.SecurityGroupIngressRule(
        `${name}-ssh-${cidr}`,
        { securityGroupId: group.id, ...source, ipProtocol: "tcp", fromPort: 22, toPort: 22, description: "SSH", tags },
        { parent: this },
      );
    }
    new vpc.SecurityGroupEgressRule(
      `${name}-out`,
      { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "anywhere", tags },
      { parent: this },
    );
    return group;
  }

  private createInstanceProfile(name: string, { policy, tags }: RunnerHostArgs): iam.InstanceProfile {
    const role = new iam.Role(name, { assumeRolePolicy: assumedBy("ec2.amazonaws.com"), tags }, { parent: this });
    new iam.RolePolicy(name, { role: role.id, policy }, { parent: this });
    return new iam.InstanceProfile(name, { role: role.name, tags }, { parent: this });
  }

  private createInstance(name: string, args: RunnerHostArgs, profile: iam.InstanceProfile, key: ec2.KeyPair) {
    return new ec2.Instance(
      name,
      {
        ami: args.amiId,
        instanceType: args.instanceType,
        subnetId: args.subnetId,
        associatePublicIpAddress: args.publicAddress,
        vpcSecurityGroupIds: [this.securityGroup.id],
        iamInstanceProfile: profile.name,
        keyName: key.keyName,
        // Session tokens only, and not a hop further than the host itself.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 20, tags: args.tags },
        tags: { ...args.tags, Name: `${name}-${pulumi.getStack()}` },
      },
      // Otherwise each new release of Amazon Linux would replace the host.
      { parent: this, ignoreChanges: ["ami"] },
    );
  }
}
