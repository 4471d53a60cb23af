/** ECS's objects in their wire form, as far as the data plane reads or writes them. */

interface KeyValue {
  name: string;
  value: string;
}

export interface Tag {
  key: string;
  value: string;
}

export interface StrategyItem {
  capacityProvider: string;
  weight?: number;
  base?: number;
}

export interface HealthCheck {
  /** "CMD" and a program with its arguments, or "CMD-SHELL" and a line for the image's /bin/sh. */
  command: string[];
  /** Seconds. */
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  retries?: number;
}

export type DependencyCondition = "START" | "COMPLETE" | "SUCCESS" | "HEALTHY";

export interface ContainerDefinition {
  name: string;
  image: string;
  cpu?: number;
  memory?: number;
  memoryReservation?: number;
  essential?: boolean;
  command?: string[];
  entryPoint?: string[];
  environment?: KeyValue[];
  workingDirectory?: string;
  user?: string;
  startTimeout?: number;
  stopTimeout?: number;
  healthCheck?: HealthCheck;
  linuxParameters?: { capabilities?: { add?: string[]; drop?: string[] } };
  readonlyRootFilesystem?: boolean;
  mountPoints?: { sourceVolume: string; containerPath: string; readOnly?: boolean }[];
  dependsOn?: { containerName: string; condition: DependencyCondition }[];
  logConfiguration?: { logDriver: string; options?: Record<string, string> };
  portMappings?: { containerPort: number; hostPort?: number }[];
  ulimits?: { name: string; softLimit: number; hardLimit: number }[];
  repositoryCredentials?: { credentialsParameter: string };
}

export interface TaskDefinition {
  taskDefinitionArn: string;
  family: string;
  status?: "ACTIVE" | "INACTIVE";
  revision: number;
  networkMode?: string;
  cpu?: string;
  memory?: string;
  ephemeralStorage?: { sizeInGiB: number };
  taskRoleArn?: string;
  executionRoleArn?: string;
  requiresCompatibilities?: string[];
  containerDefinitions: ContainerDefinition[];
  volumes?: { name: string }[];
}

export interface Cluster {
  clusterArn: string;
  clusterName: string;
  status: string;
  runningTasksCount: number;
  pendingTasksCount: number;
  capacityProviders?: string[];
  defaultCapacityProviderStrategy?: StrategyItem[];
}

export interface ContainerOverride {
  name: string;
  command?: string[];
  environment?: KeyValue[];
  cpu?: number;
  memory?: number;
  memoryReservation?: number;
}

export interface TaskOverride {
  containerOverrides?: ContainerOverride[];
  cpu?: string;
  memory?: string;
  ephemeralStorage?: { sizeInGiB: number };
  taskRoleArn?: string;
  executionRoleArn?: string;
}

export interface RunTaskRequest {
  cluster?: string;
  taskDefinition: string;
  count?: number;
  clientToken?: string;
  startedBy?: string;
  group?: string;
  launchType?: string;
  capacityProviderStrategy?: StrategyItem[];
  platformVersion?: string;
  enableExecuteCommand?: boolean;
  propagateTags?: "TASK_DEFINITION" | "SERVICE" | "NONE";
  tags?: Tag[];
  overrides?: TaskOverride;
  networkConfiguration?: {
    awsvpcConfiguration?: { subnets?: string[]; securityGroups?: string[]; assignPublicIp?: "ENABLED" | "DISABLED" };
  };
}

export interface Failure {
  arn?: string;
  reason: string;
  detail?: string;
}
