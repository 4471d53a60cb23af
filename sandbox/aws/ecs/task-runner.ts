/** Brings one task from PROVISIONING to STOPPED: network interface, images, containers, and everything back again. */
import { rm } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createTaskCgroup, type TaskCgroup } from "../../world/cgroups";
import type { NetworkNamespace } from "../../world/network";
import type { RunningContainer } from "./container";
import { unmountOverlay, type Image, type ImageStore } from "./images";
import { startInOrder } from "./start-order";
import { advance, markStopping, now, type ContainerRecord, type Eni, type Task } from "./task";
import { startTaskContainer, type ContainerOptions } from "./task-container";

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

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, stopTimeout, in seconds. */
const defaultStopTimeout = 30;

export function runTask(task: Task, options: RunnerOptions): RunningTask {
  const stopping = new AbortController();
  const running = new Map<ContainerRecord, RunningContainer>();
  const undo: (() => void | Promise<void>)[] = [];
  const dir = path.join(options.dir, task.id);
  let namespace: NetworkNamespace | undefined;
  let processes = (): number[] => [];

  /** Settles when the task has to end, for whatever reason. */
  const ending = new Promise<void>((resolve) =>
    stopping.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  const stop = () => stopping.abort();
  const killAll = () => Promise.all([...running.values()].map((container) => container.signal("KILL"))).catch(report);
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
        const { image } = container.definition;
        await options.role.pullImage(task, image);
        return [container, await options.images.pull(image)] as const;
      }),
    );
    task.times.pullStopped = now();
    for (const [container, image] of pulled) container.imageDigest = image.digest;
    return new Map(pulled);
  }

  async function start(container: ContainerRecord, image: Image, cgroup: TaskCgroup): Promise<void> {
    const { definition } = container;
    const { process, log } = await startTaskContainer(task, container, {
      ...options,
      image,
      dir,
      cgroup,
      networkNamespace: namespace!.path,
      mounted: (rootfs) => undo.push(() => unmountOverlay(rootfs)),
    });
    running.set(container, process);
    container.state = "RUNNING";
    exits.set(
      container,
      process.exited.then(async (exitCode) => {
        running.delete(container);
        container.state = "STOPPED";
        container.exitCode = exitCode;
        if (exitCode === endedBySigkill && cgroup.outOfMemory()) container.reason = outOfMemory;
        await log.close();
        options.changed(task);
        if (definition.essential !== false) {
          markStopping(task, "EssentialContainerExited", "Essential container in task exited");
          stop();
        }
        return exitCode;
      }),
    );
  }

  const exits = new Map<ContainerRecord, Promise<number>>();

  const byName = (name: string) => task.containers.find(({ definition }) => definition.name === name)!;

  const startAll = (images: Map<ContainerRecord, Image>, cgroup: TaskCgroup) =>
    startInOrder(task.definition.containerDefinitions, {
      start: (name) => start(byName(name), images.get(byName(name))!, cgroup),
      exited: (name) => exits.get(byName(name))!,
      failed: fail,
      stopping: stopping.signal,
    });

  /** SIGTERM, and SIGKILL after each container's stopTimeout. */
  async function stopContainers(): Promise<void> {
    await Promise.all(
      [...running].map(async ([container, process]) => {
        await process.signal(killed ? "KILL" : "TERM");
        const seconds = container.definition.stopTimeout ?? defaultStopTimeout;
        const timer = setTimeout(() => void process.signal("KILL").catch(report), seconds * 1000);
        await exits.get(container);
        clearTimeout(timer);
      }),
    );
    for (const container of task.containers) container.state = "STOPPED";
    task.times.executionStopped = now();
  }

  const report = (error: unknown) =>
    options.log(`task ${task.id}: ${error instanceof Error ? error.message : String(error)}`);

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
    if (running.size > 0) move("STOPPING");
    await stopContainers().catch(report);
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
      void killAll();
    },
    network() {
      if (!namespace) throw new Error(`task ${task.id} has no network interface`);
      return namespace;
    },
    processes: () => processes(),
  };
}

/** As a shell tells it, and runc. */
const endedBySigkill = 128 + 9;
const outOfMemory = "OutOfMemoryError: Container killed due to memory usage";
