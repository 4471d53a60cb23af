/** The form in which ECS shows a task. */
import { taskHealth } from "./health";
import type { Task } from "./task";

/** A task as RunTask, StopTask and DescribeTasks show it. */
export function describeTask(task: Task, include: { tags: boolean }): Record<string, unknown> {
  const { eni, times, size } = task;
  const privateIp = eni ? [{ attachmentId: task.attachmentId, privateIpv4Address: eni.privateIp }] : [];
  return {
    taskArn: task.arn,
    clusterArn: task.clusterArn,
    taskDefinitionArn: task.definition.taskDefinitionArn,
    group: task.group,
    startedBy: task.startedBy,
    launchType: "FARGATE",
    capacityProviderName: task.capacityProvider,
    platformVersion: task.platformVersion,
    platformFamily: "Linux",
    availabilityZone: task.availabilityZone,
    lastStatus: task.state,
    desiredStatus: task.desiredState,
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    cpu: String(size.cpu),
    memory: String(size.memory),
    ephemeralStorage: { sizeInGiB: size.ephemeralStorage },
    overrides: {
      ...task.overrides,
      containerOverrides: task.containers.map(({ definition }) => ({
        ...task.overrides.containerOverrides?.find((override) => override.name === definition.name),
        name: definition.name,
      })),
      inferenceAcceleratorOverrides: [],
    },
    attachments: [
      {
        id: task.attachmentId,
        type: "ElasticNetworkInterface",
        status: !eni ? "PRECREATED" : task.state === "STOPPED" ? "DELETED" : "ATTACHED",
        details: [
          { name: "subnetId", value: task.subnetId },
          ...(eni
            ? [
                { name: "networkInterfaceId", value: eni.networkInterfaceId },
                { name: "macAddress", value: eni.macAddress },
                { name: "privateIPv4Address", value: eni.privateIp },
              ]
            : []),
        ],
      },
    ],
    attributes: [{ name: "ecs.cpu-architecture", value: "x86_64" }],
    connectivity: "CONNECTED",
    enableExecuteCommand: task.enableExecuteCommand,
    healthStatus: taskHealth(task.containers),
    containers: task.containers.map((container) => ({
      containerArn: container.arn,
      taskArn: task.arn,
      name: container.definition.name,
      image: container.definition.image,
      imageDigest: container.imageDigest,
      runtimeId: container.runtimeId,
      lastStatus: container.state,
      exitCode: container.exitCode,
      reason: container.reason,
      healthStatus: container.health,
      networkBindings: [],
      networkInterfaces: privateIp,
      cpu: String(container.definition.cpu ?? 0),
      memory: container.definition.memory?.toString(),
      memoryReservation: container.definition.memoryReservation?.toString(),
    })),
    createdAt: times.created,
    pullStartedAt: times.pullStarted,
    pullStoppedAt: times.pullStopped,
    startedAt: times.started,
    stoppingAt: times.stopping,
    executionStoppedAt: times.executionStopped,
    stoppedAt: times.stopped,
    tags: include.tags ? task.tags : [],
    version: task.version,
  };
}
