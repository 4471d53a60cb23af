/** Brings one task from PROVISIONING to STOPPED: network interface, images, containers, and everything back again. */
import { rm } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createTaskCgroup, type TaskCgroup } from "../../world/cgroups";
import type { NetworkNamespace } from "../../world/network";
import { unmountOverlay, type Image, type ImageStore } from "./images";
import { startInOrder } from "./start-order";
import { advance, markStopping, now, type ContainerRecord, type Eni, type Task } from "./task";
import type { ContainerOptions } from "./task-container";
import { TaskContainers } from "./task-containers";

export interface RunnerOptions extends ContainerOptions {
  images: ImageStore;
  /** Folders of tasks, gone with them. */
  dir: string;
  createEni(task: Task): Promise<{ eni: Eni; namespace: NetworkNamespace; remove(): Promise<void> }>;
  /** How long a task is to stay in a state beside what is done in it, in milliseconds. */
  startDelays(): StartDelays;
  changed(task: Task): void;
}

/** Until the task has its network interface, and while its images are pulled. */
export interface StartDelays {
  provisioning: number;
  pull: number;
}

export interface RunningTask {
  /** Settles when the task is STOPPED and nothing of it is left. */
  stopped: Promise<void>;
  /** The task's containers are asked to end; call markStopping() first. */
  stop(): void;
  /** Ends them without asking. */
  kill(): void;
  /** @throws before the task has one, and when it has none any more */
  network(): NetworkNamespace;
  /** Ids on this machine. */
  processes(): number[];
}

export function runTask(task: Task, options: RunnerOptions): RunningTask {
  const stopping = new AbortController();
  const undo: (() => void | Promise<void>)[] = [];
  const dir = path.join(options.dir, task.id);
  let namespace: NetworkNamespace | undefined;
  let processes = (): number[] => [];

  /** Settles when the task has to end, for whatever reason. */
  const ending = new Promise<void>((resolve) =>
    stopping.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  const stop = () => stopping.abort();
  let killed = false;
  const move = (state: Task["state"]) => {
    advance(task, state);
    options.changed(task);
  };

  /** Ends early where the task has to. */
  const pause = (ms: number) =>
    ms > 0 ? delay(ms, undefined, { signal: stopping.signal }).catch(() => {}) : undefined;

  async function provision(): Promise<TaskCgroup> {
    await pause(options.startDelays().provisioning);
    const attached = await options.createEni(task);
    undo.push(attached.remove);
    ({ namespace } = attached);
    task.eni = attached.eni;
    const cgroup = createTaskCgroup(task.id, task.size.memory * 1024 * 1024);
    undo.push(() => cgroup.remove());
    ({ processes } = cgroup);
    return cgroup;
  }

  async function pullImages(): Promise<Map<ContainerRecord, Image>> {
    task.times.pullStarted = now();
    await pause(options.startDelays().pull);
    const pulled = await Promise.all(
      task.containers.map(async (container) => {
        const { image, repositoryCredentials } = container.definition;
        const pull = () => options.images.pull(image, repositoryCredentials?.credentialsParameter);
        const pulling = options.role.pullImage(task, image).then(pull);
        return [container, await pulling.catch(failOf(container))] as const;
      }),
    );
    task.times.pullStopped = now();
    for (const [container, image] of pulled) container.imageDigest = image.digest;
    return new Map(pulled);
  }

  /** ECS tells what failed of the container as well as of the task; what it could not prepare is the task's alone. */
  const failOf = (container: ContainerRecord) => (error: unknown) => {
    if (error instanceof Error && /^Cannot\w+Error:/.test(error.message)) {
      // At once, as the others of the task may take their time to end.
      Object.assign(container, { state: "STOPPED", reason: error.message });
    }
    throw error;
  };

  const byName = (name: string) => task.containers.find(({ definition }) => definition.name === name)!;

  const startAll = (images: Map<ContainerRecord, Image>, cgroup: TaskCgroup) =>
    startInOrder(task.definition.containerDefinitions, {
      start: (name) =>
        containers
          .start(byName(name), {
            ...options,
            image: images.get(byName(name))!,
            dir,
            cgroup,
            networkNamespace: namespace!.path,
            mounted: (rootfs) => undo.push(() => unmountOverlay(rootfs)),
          })
          .catch(failOf(byName(name))),
      exited: (name) => containers.exited(byName(name)),
      healthy: (name) => containers.healthy(byName(name)),
      failed: fail,
      stopping: stopping.signal,
    });

  const report = (error: unknown) =>
    options.log(`task ${task.id}: ${error instanceof Error ? error.message : String(error)}`);

  const containers = new TaskContainers(task, {
    changed: () => options.changed(task),
    essentialExited() {
      markStopping(task, "EssentialContainerExited", "Essential container in task exited");
      stop();
    },
    report,
  });

  const fail = (error: unknown) => {
    if (markStopping(task, "TaskFailedToStart", error instanceof Error ? error.message : String(error))) report(error);
    stop();
  };

  async function live(): Promise<void> {
    undo.push(() => rm(dir, { recursive: true, force: true }));
    try {
      const cgroup = await provision();
      if (!stopping.signal.aborted) move("PENDING");
      const images = stopping.signal.aborted ? undefined : await pullImages();
      if (images && !stopping.signal.aborted) await startAll(images, cgroup);
      if (!stopping.signal.aborted) move("RUNNING");
      await ending;
    } catch (error) {
      fail(error);
    }
    if (containers.anyRuns()) move("STOPPING");
    await containers.stop(killed ? "KILL" : "TERM").catch(report);
    task.times.executionStopped = now();
    move("DEPROVISIONING");
    // The last that was set up goes first; one failure must not keep the rest.
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(report);
    move("STOPPED");
  }

  return {
    stopped: live(),
    stop,
    kill() {
      killed = true;
      stop();
      void containers.killAll();
    },
    network() {
      if (!namespace) throw new Error(`task ${task.id} has no network interface`);
      return namespace;
    },
    processes: () => processes(),
  };
}
