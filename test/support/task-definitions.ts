/** Task definitions beside the stack's own, with its image. */
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type ContainerDefinition,
  type RegisterTaskDefinitionCommandInput,
} from "@aws-sdk/client-ecs";
import { parse } from "smol-toml";
import { awsEndpoint, region } from "../../sandbox/config";
import { onHost } from "./host";

export const awsSettings = {
  endpoint: awsEndpoint,
  region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};

/**
 * What the community driver's own image does at its start, and nothing else: it authorizes the key and starts sshd. So
 * there is no guard, and SSH sessions have none of the container's variables.
 */
export const guardless = [
  "mkdir -p ~/.ssh /run/sshd",
  'echo "$SSH_PUBLIC_KEY" > ~/.ssh/authorized_keys',
  "chmod 700 ~/.ssh; chmod 600 ~/.ssh/authorized_keys",
  "unset SSH_PUBLIC_KEY",
  "ssh-keygen -A",
  "exec /usr/sbin/sshd -D",
].join("\n");

/** Cluster and network of the stack, as the driver's configuration on the host has them. */
export interface Placement {
  cluster: string;
  subnet: string;
  securityGroup: string;
}

/** Registers a task definition as the community driver's documentation has it, whose container starts by this script. */
export const copyTaskDefinition = (script: string): Promise<Placement & { taskDefinition: string }> =>
  registerRevision({}, ({ name, image }) => [
    {
      ...{ name, image, entryPoint: ["/bin/sh", "-c", script] },
      portMappings: [{ containerPort: 22, hostPort: 22, protocol: "tcp" }],
    },
  ]);

/**
 * Registers a revision of the stack's own family: the host may run no other.
 * @param containers what becomes of the stack's container
 */
export async function registerRevision(
  more: Partial<RegisterTaskDefinitionCommandInput>,
  containers: (own: ContainerDefinition) => ContainerDefinition[] | Promise<ContainerDefinition[]>,
): Promise<Placement & { taskDefinition: string }> {
  const { Fargate: stack } = parse(await onHost("cat /etc/gitlab-runner/fargate.toml")) as unknown as {
    Fargate: { Cluster: string; Subnets: string[]; SecurityGroups: string[]; TaskDefinition: string };
  };
  const ecs = new ECSClient(awsSettings);
  const { taskDefinition: own } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: stack.TaskDefinition }),
  );
  const family = own!.family!;
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...{ family, requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "512", memory: "1024" },
      executionRoleArn: own!.executionRoleArn,
      ...more,
      containerDefinitions: await containers(own!.containerDefinitions![0]!),
    }),
  );
  return {
    taskDefinition: `${family}:${taskDefinition!.revision}`,
    cluster: stack.Cluster,
    subnet: stack.Subnets[0]!,
    securityGroup: stack.SecurityGroups[0]!,
  };
}
