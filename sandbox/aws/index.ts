/**
 * AWS on one machine. Real: tasks (runc containers with the task definition's memory limit, each task in a network
 * namespace of its own), hosts (systemd-nspawn machines), the image registry. Stand-ins: moto keeps all other records;
 * the instance and task metadata services answer what the stack asks of them; the permissions of the roles whose
 * credentials they give are evaluated in iam/.
 */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { network, ports } from "../config";
import type { Artifacts } from "../setup";
import { enterCgroup } from "../world";
import { AddressPool } from "./addresses";
import { Calls, type AwsCall } from "./calls";
import { createCredentials } from "./credentials";
import { startDownloads } from "./downloads";
import { Firewall } from "./ec2/firewall";
import { Instances, type HostView } from "./ec2/instances";
import { createSubnets } from "./ec2/subnets";
import { makeCertificate } from "./ecr/certificate";
import { RegistryPasswords } from "./ecr/passwords";
import { startRegistry } from "./ecr/registry";
import { startRegistryStore } from "./ecr/store";
import { createEni } from "./ecs/eni";
import type { Faults } from "./ecs/faults";
import { createImageStore } from "./ecs/images";
import { createServiceLinkedRole, serviceLinkedRole } from "./ecs/service-linked-role";
import { findDefinition } from "./ecs/plan-tasks";
import { EcsService } from "./ecs/service";
import { zonesOf } from "./ecs/task-network";
import { trustsTasks } from "./ecs/task-roles";
import { runTask } from "./ecs/task-runner";
import { taskViews, type TaskViews } from "./ecs/views";
import { startFront } from "./front";
import { Authorizer } from "./iam/authorizer";
import { createExecutionRole } from "./iam/execution-role";
import { createEc2Records } from "./iam/ec2-records";
import { createGate } from "./iam/gate";
import { seenLate } from "./iam/late";
import { RolePolicies } from "./iam/role-policies";
import { createBucketKey } from "./s3/bucket-key";
import { createBucketPolicies } from "./s3/bucket-policies";
import { startMetadata } from "./metadata";
import { startMoto } from "./moto";
import { startTaskMetadata, taskMetadataEnvironment } from "./task-metadata";

export type { AwsCall } from "./calls";
export type { HostView } from "./ec2/instances";
export type { Hits, SshTrouble, TaskFault } from "./ecs/faults";
export type { StartDelays } from "./ecs/task-runner";
export type { TaskView } from "./ecs/views";

export interface Aws {
  tasks: TaskViews;
  hosts: {
    list(): HostView[];
    /** @throws when the instance does not run */
    cutPower(instanceId: string): Promise<void>;
  };
  /** The latest ones. */
  calls(): AwsCall[];
  registry: {
    /** Lets the twelve hours go by that a password is good for. */
    expirePasswords(): void;
  };
  faults: Faults;
  close(): Promise<void>;
}

export interface AwsOptions {
  artifacts: Pick<Artifacts, "motoPython" | "hostTree" | "downloads" | "registry">;
  stateDir: string;
  log(line: string): void;
}

/**
 * Starts everything of AWS. The world must have been created; the calling process enters its cgroup.
 * @throws when a part does not start; those that did are closed again
 */
export async function startAws({ artifacts, stateDir, log }: AwsOptions): Promise<Aws> {
  const dir = path.join(stateDir, "aws");
  const folder = (name: string) => {
    mkdirSync(path.join(dir, name), { recursive: true, mode: 0o700 });
    return path.join(dir, name);
  };
  // What runc and systemd-nspawn start lands in the cgroups of this process.
  await enterCgroup(process.pid);

  const closers: (() => Promise<void>)[] = [];
  const started = async <Part extends { close(): Promise<void> }>(part: Promise<Part>): Promise<Part> => {
    const result = await part;
    closers.push(() => result.close());
    return result;
  };
  const close = async () => {
    const errors: unknown[] = [];
    for (const step of closers.splice(0).reverse()) await step().catch((error) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, `closing AWS: ${errors.join("; ")}`);
  };

  try {
    const motoAddress = { host: "127.0.0.1", port: ports.moto };
    const [moto] = await Promise.all([
      started(startMoto({ python: artifacts.motoPython, stateDir: folder("moto"), address: motoAddress })),
      started(startRegistryStore(artifacts.registry, folder("registry"))),
      started(startDownloads(artifacts.downloads)),
    ]);
    const passwords = new RegistryPasswords();
    // ECS has been used in this account before.
    await createServiceLinkedRole(moto.iam);
    const subnets = createSubnets(moto.ec2);
    const addresses = new AddressPool();
    const iam = seenLate(moto.iam, () => ecs.faults.iamDelay());
    const credentials = createCredentials(moto.sts, iam);
    const firewall = new Firewall(moto.ec2);
    const tree = artifacts.hostTree;
    const certificate = await makeCertificate(folder("ecr"));
    const disk = { tree, dir: folder("hosts"), trusted: certificate.cert };
    const instances = new Instances({ moto, iam, subnets, addresses, firewall, ...disk, log });
    closers.push(() => instances.close());

    const policies = new RolePolicies(iam);
    const ecsRole = serviceLinkedRole(moto.iam);
    const authorizer = new Authorizer(policies, log);
    await started(startRegistry({ passwords, authorizer, ecr: moto.ecr, certificate, log }));
    const images = createImageStore(folder("images"));
    const ecs: EcsService = new EcsService({
      moto,
      log,
      zones: (ids, groups) => zonesOf(ids, groups, { client: moto.ec2, subnets }),
      requireServiceLinkedRole: () => ecsRole.require(),
      trusted: (roleArn) => trustsTasks(iam, roleArn),
      run: (task) =>
        runTask(task, {
          images,
          log,
          role: createExecutionRole(authorizer),
          logsClient: moto.logs,
          dir: folder("tasks"),
          logDir: folder("logs"),
          runcRoot: folder("runc"),
          createEni: async (owner) => {
            const attached = await createEni(owner, { client: moto.ec2, subnets, addresses, firewall });
            await ecs.faults.connected(attached.namespace);
            return attached;
          },
          environment: taskMetadataEnvironment,
          startDelays: () => ecs.faults.startDelays(),
          changed: (changed) => ecs.emit("change", changed),
        }),
    });
    closers.push(() => ecs.close());
    const taskAt = (address: string) => ecs.find((task) => task.state !== "STOPPED" && task.eni?.privateIp === address);
    const calls = new Calls({
      taskAt,
      taskOf: (name) => ecs.find(({ arn, id, eni }) => [arn, id, eni?.networkInterfaceId].includes(name)),
      hostAt: (address) => instances.byAddress(address),
    });

    await started(
      startMetadata({
        moto,
        credentials: credentials.issue,
        log,
        instanceId: (address) => instances.byAddress(address)?.instanceId,
      }),
    );
    await started(
      startTaskMetadata({
        credentials: credentials.issue,
        log,
        task: taskAt,
      }),
    );
    await started(
      startFront({
        moto: motoAddress,
        listen: { host: network.gateway, port: ports.aws },
        admit: createGate({
          authorizer,
          principal: credentials.principal,
          taskDefinition: async (name) => (await findDefinition(name, moto)).definition,
          ec2: createEc2Records(moto),
          bucketKey: createBucketKey(moto.s3),
          bucketPolicies: createBucketPolicies(moto.s3),
          changed() {
            policies.forget(ecs.faults.iamDelay());
            ecsRole.forget();
          },
        }),
        assumeRole: credentials.assume,
        ecs: (action, body) => ecs.handle(action, body),
        vcpuQuota: () => ecs.faults.vcpuQuota(),
        ec2: async (form) =>
          firewall.concerns(form.get("Action") ?? "")
            ? { form, answered: () => firewall.changed() }
            : instances.handle(form),
        registryPassword: (accessKeyId) => passwords.issue(credentials.principal(accessKeyId)),
        called: (...call) => calls.add(...call),
        log,
      }),
    );
    const registry = { expirePasswords: () => passwords.expire() };
    return { tasks: taskViews(ecs), hosts: instances, calls: () => calls.list(), registry, faults: ecs.faults, close };
  } catch (error) {
    await close().catch((closing: Error) => log(closing.message));
    throw error;
  }
}
