import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { allowEgress } from "../egress";
import { assumedBy } from "../iam/documents";
import { allowIngress } from "../ingress";
import { hostName } from "../names";
import type { Tags } from "../types";
import { firstContactUserData } from "./first-contact";
import { fixedAddress, type FixedAddress } from "./fixed-address";

export interface RunnerHostArgs {
  readonly instanceType: pulumi.Input<string>;
  /** Machine image of a new host. A host that is there keeps its own. */
  readonly amiId: pulumi.Input<string>;
  readonly vpcId: pulumi.Input<string>;
  /** The subnet of each host: there are as many hosts as subnets here. */
  readonly subnetIds: readonly pulumi.Input<string>[];
  /**
   * A host that is there stays in its subnet, whatever is looked up later.
   * @default false
   */
  readonly keepSubnet?: boolean;
  /** Whether hosts get public addresses. */
  readonly publicAddress: boolean;
  /** SSH public key of the deployment, in OpenSSH's format. */
  readonly publicKey: pulumi.Input<string>;
  /** Networks that may reach the SSH port. */
  readonly adminCidrs: readonly string[];
  /** Policy document: what a host may do in AWS. */
  readonly policy: pulumi.Input<string>;
  /**
   * ARN of the managed policy that bounds the hosts' role.
   * @default none
   */
  readonly permissionsBoundary?: pulumi.Input<string>;
  /**
   * ARN of the KMS key that encrypts the root volumes. Another one replaces the hosts.
   * @default EBS's key of the account
   */
  readonly kmsKeyArn?: pulumi.Input<string>;
  readonly tags: Tags;
}

/**
 * The machines that poll GitLab and hand its jobs to Fargate tasks, and the rights, key and security group they share.
 */
export class RunnerHost extends pulumi.ComponentResource {
  /** One more is added at the end, and the last one goes first. */
  readonly instances: readonly ec2.Instance[];
  /** In the order of the instances; none where hosts have none. */
  readonly publicAddresses: readonly FixedAddress[];
  readonly securityGroup: ec2.SecurityGroup;
  readonly role: iam.Role;
  /** What a host needs besides its instance. */
  readonly access: readonly pulumi.Resource[];

  constructor(name: string, args: RunnerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:RunnerHost", name, {}, opts);
    const { group, rules } = this.createSecurityGroup(name, args);
    this.securityGroup = group;
    const { role, profile, rights } = this.createInstanceProfile(name, args);
    this.role = role;
    const key = new ec2.KeyPair(name, { publicKey: args.publicKey, tags: args.tags }, { parent: this });
    this.access = [...rules, profile, rights];
    this.instances = args.subnetIds.map((subnetId, index) =>
      this.createInstance(hostName(name, index), args, subnetId, profile, key),
    );
    this.publicAddresses = args.publicAddress
      ? this.instances.map((instance, index) =>
          fixedAddress(hostName(name, index), instance, args.tags, { parent: this }),
        )
      : [];
    this.registerOutputs({ instanceIds: this.instances.map(({ id }) => id) });
  }

  private createSecurityGroup(name: string, { vpcId, adminCidrs, tags }: RunnerHostArgs) {
    const group = new ec2.SecurityGroup(
      name,
      { description: "GitLab runner host: SSH from administrator networks", vpcId, tags },
      { parent: this },
    );
    const ssh = adminCidrs.map((cidr) => {
      const rule = { to: group.id, from: { cidr }, port: 22, description: "SSH", tags };
      return allowIngress(`${name}-ssh-${cidr}`, rule, { parent: this });
    });
    const out = allowEgress(`${name}-out`, { from: group.id, tags }, { parent: this });
    return { group, rules: [...ssh, ...out] };
  }

  private createInstanceProfile(name: string, { policy, permissionsBoundary, tags }: RunnerHostArgs) {
    const assumeRolePolicy = assumedBy("ec2.amazonaws.com");
    const role = new iam.Role(name, { assumeRolePolicy, permissionsBoundary, tags }, { parent: this });
    const rights = new iam.RolePolicy(name, { role: role.id, policy }, { parent: this });
    return { role, profile: new iam.InstanceProfile(name, { role: role.name, tags }, { parent: this }), rights };
  }

  private createInstance(
    name: string,
    args: RunnerHostArgs,
    subnetId: pulumi.Input<string>,
    profile: iam.InstanceProfile,
    key: ec2.KeyPair,
  ): ec2.Instance {
    return new ec2.Instance(
      name,
      {
        ami: args.amiId,
        instanceType: args.instanceType,
        subnetId,
        // A host that is public has a fixed address.
        associatePublicIpAddress: false,
        vpcSecurityGroupIds: [this.securityGroup.id],
        iamInstanceProfile: profile.name,
        keyName: key.keyName,
        userData: pulumi.secret(firstContactUserData()),
        // Only with a session token, and only from the host itself.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: {
          ...{ encrypted: true, kmsKeyId: args.kmsKeyArn },
          ...{ volumeType: "gp3", volumeSize: 20, tags: args.tags },
        },
        tags: { ...args.tags, Name: `${name}-${pulumi.getStack()}` },
      },
      {
        parent: this,
        // Otherwise each new release of Amazon Linux would replace the host, and so would a refresh, which finds the
        // fixed address, or none while the host is stopped. User data is another one each time, and serves a new
        // instance only.
        ignoreChanges: ["ami", "associatePublicIpAddress", "userData", ...(args.keepSubnet ? ["subnetId"] : [])],
        additionalSecretOutputs: ["userData"],
        // A host that stays in its subnet whatever is looked up could not join the security group of another network.
        replacementTrigger: args.vpcId,
      },
    );
  }
}
