/** The machine that measurements were made on: they mean little without it. */
import * as os from "node:os";

export interface Machine {
  cpus: number;
  cpuModel: string;
  memoryGiB: number;
  kernel: string;
  node: string;
  /** Processes that wanted a CPU, on average over the minute before. */
  load: number;
}

export function describeMachine(): Machine {
  return {
    cpus: os.availableParallelism(),
    cpuModel: os.cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    load: Number(os.loadavg()[0].toFixed(1)),
  };
}

export const machineLine = ({ cpus, cpuModel, memoryGiB, kernel, load }: Machine): string =>
  `${cpus} CPUs (${cpuModel}), ${memoryGiB} GiB, ${kernel}, load ${load}`;
