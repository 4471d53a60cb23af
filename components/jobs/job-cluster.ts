import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ec2 from "@pulumi/aws/ec2";
import * as ecs from "@pulumi/aws/ecs";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { allowEgress } from "../egress";
import { arnParts, assumedBy, executionPolicy } from "../iam/documents";
import { foreignAccess } from "../iam/images";
import { execPolicy } from "../iam/observability";
import { jobContainer, logStreamPrefix, taskFamily } from "../names";
import type { Registry } from "../settings/registries";
import type { Size } from "../settings/settings";
import type { Architecture, Tags } from "../types";
import { capacityProviders, type Spot } from "./capacity-providers";

export interface JobClusterArgs {
  readonly imageUri: pulumi.Input<string>;
  /**
   * Whether the image is not the stack's own.
   * @default false
   */
  readonly imageBuiltElsewhere?: boolean;
  /**
   * Patterns of the images that jobs may name, for themselves or as services; what of them is in ECR, tasks may pull.
   * @default none
   */
  readonly images?: readonly string[];
  /**
   * How ECS gets at these images where it is not as their names say.
   * @default none
   */
  readonly registries?: Readonly<Record<string, Registry>>;
  /** By name; each is a task definition. */
  readonly sizes: Readonly<Record<string, Size>>;
  /** Of the image and the tasks. */
  readonly architecture: Architecture;
  /** Where tasks run whose caller names no capacity provider. */
  readonly spot: Spot;
  readonly vpcId: pulumi.Input<string>;
  /**
   * Whether some tasks have security groups that are not the stack's: one beside these lets the hosts in.
   * @default false
   */
  readonly otherSecurityGroups?: boolean;
  /** Days that CloudWatch keeps the tasks' log. */
  readonly logRetention: pulumi.Input<number>;
  /**
   * ARN of the KMS key that encrypts the log.
   * @default CloudWatch's own encryption
   */
  readonly logKey?: pulumi.Input<string>;
  /**
   * Refuses to delete the log group.
   * @default false
   */
  readonly protect?: boolean;
  /**
   * ARN of the managed policy that bounds both roles.
   * @default none
   */
  readonly permissionsBoundary?: pulumi.Input<string>;
  /**
   * Lets administrators open a shell in a task by ECS Exec.
   * @default false
   */
  readonly execAllowed?: boolean;
  readonly tags: Tags;
}

/** Where jobs run: an ECS cluster on Fargate, a task definition per size, their roles, log and security group. */
export class JobCluster extends pulumi.ComponentResource {
  readonly cluster: ecs.Cluster;
  readonly logGroup: cloudwatch.LogGroup;
  readonly taskDefinitions: Record<string, ecs.TaskDefinition>;
  readonly executionRole: iam.Role;
  readonly taskRole: iam.Role;
  readonly securityGroup: ec2.SecurityGroup;
  /** Of tasks whose other security groups are not the stack's: lets the hosts in, and nothing out. */
  readonly hostsOnly: ec2.SecurityGroup | undefined;

  constructor(name: string, args: JobClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:JobCluster", name, {}, opts);
    this.cluster = this.createCluster(name, args);
    this.logGroup = new cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetention, kmsKeyId: args.logKey, tags: args.tags },
      { parent: this, protect: args.protect },
    );
    this.executionRole = this.createExecutionRole(name, args, this.logGroup);
    // Jobs may do nothing in AWS: whoever can push to a project can read the credentials of this role.
    this.taskRole = this.createRole(`${name}-task`, args);
    if (args.execAllowed) {
      new iam.RolePolicy(`${name}-task-exec`, { role: this.taskRole.id, policy: execPolicy() }, { parent: this });
    }
    this.taskDefinitions = this.createTaskDefinitions(args, this.logGroup);
    this.securityGroup = this.createSecurityGroup(`${name}-task`, "CI jobs: SSH from the runner host only", args);
    allowEgress(`${name}-task-out`, { from: this.securityGroup.id, tags: args.tags }, { parent: this });
    this.hostsOnly = args.otherSecurityGroups
      ? this.createSecurityGroup(`${name}-task-ssh`, "CI jobs with other groups: SSH from the runner host only", args)
      : undefined;
    this.registerOutputs({ cluster: this.cluster.name });
  }

  private createCluster(name: string, { spot, tags }: JobClusterArgs): ecs.Cluster {
    const cluster = new ecs.Cluster(name, { tags }, { parent: this });
    new ecs.ClusterCapacityProviders(
      name,
      {
        clusterName: cluster.name,
        capacityProviders: ["FARGATE", "FARGATE_SPOT"],
        // For callers of RunTask that name no strategy: without one ECS looks for EC2 instances.
        defaultCapacityProviderStrategies: capacityProviders(spot).map(({ name: capacityProvider, weight, base }) => ({
          capacityProvider,
          weight,
          base,
        })),
      },
      { parent: this },
    );
    return cluster;
  }

  private createRole(name: string, { permissionsBoundary, tags }: JobClusterArgs): iam.Role {
    const assumeRolePolicy = assumedBy("ecs-tasks.amazonaws.com");
    return new iam.Role(name, { assumeRolePolicy, permissionsBoundary, tags }, { parent: this });
  }

  private createExecutionRole(name: string, args: JobClusterArgs, log: cloudwatch.LogGroup): iam.Role {
    const role = this.createRole(`${name}-execution`, args);
    const { imageBuiltElsewhere: builtElsewhere, images = [], registries = {} } = args;
    const policy = pulumi.all([log.arn, args.imageUri]).apply(([logGroupArn, imageUri]) => {
      const foreign = foreignAccess(images, registries, arnParts(logGroupArn).partition);
      return executionPolicy({ logGroupArn, imageUri, builtElsewhere, ...foreign });
    });
    new iam.RolePolicy(`${name}-execution`, { role: role.id, policy }, { parent: this });
    return role;
  }

  private createTaskDefinitions(args: JobClusterArgs, log: cloudwatch.LogGroup): Record<string, ecs.TaskDefinition> {
    const containerDefinitions = pulumi
      .all([args.imageUri, log.name, log.arn])
      .apply(([image, logGroup, logGroupArn]) =>
        JSON.stringify([containerDefinition(image, logGroup, arnParts(logGroupArn).region)]),
      );
    return Object.fromEntries(
      Object.entries(args.sizes).map(([size, { cpu, memory, ephemeralStorage }]) => {
        const family = taskFamily(pulumi.getStack(), size);
        const definition = new ecs.TaskDefinition(
          family,
          {
            family,
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            cpu: String(cpu),
            memory: String(memory),
            ephemeralStorage: ephemeralStorage === undefined ? undefined : { sizeInGib: ephemeralStorage },
            runtimePlatform: {
              operatingSystemFamily: "LINUX",
              cpuArchitecture: args.architecture === "arm64" ? "ARM64" : "X86_64",
            },
            executionRoleArn: this.executionRole.arn,
            taskRoleArn: this.taskRole.arn,
            containerDefinitions,
            tags: args.tags,
            // A job that waits in `prepare` has the revision of before, and ECS starts no task of one that is
            // deregistered. `deploy` deregisters them a day later.
            skipDestroy: true,
          },
          { parent: this },
        );
        return [size, definition];
      }),
    );
  }

  private createSecurityGroup(name: string, description: string, { vpcId, tags }: JobClusterArgs): ec2.SecurityGroup {
    return new ec2.SecurityGroup(name, { description, vpcId, tags }, { parent: this });
  }
}

/** The one container of a task. Its environment holds no secret: task definitions can be read by many. */
function containerDefinition(image: string, logGroup: string, region: string) {
  return {
    name: jobContainer,
    image,
    essential: true,
    portMappings: [{ containerPort: 22, hostPort: 22, protocol: "tcp" }],
    // Reaps what a job's background processes leave behind.
    linuxParameters: { initProcessEnabled: true },
    // Fargate's longest, and what AWS tells spot tasks ahead: a job that is at work goes on for so many seconds.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    stopTimeout: 120,
    logConfiguration: {
      logDriver: "awslogs",
      options: { "awslogs-group": logGroup, "awslogs-region": region, "awslogs-stream-prefix": logStreamPrefix },
    },
  };
}
