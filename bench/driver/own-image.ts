/** What a job's own image costs: the calls of a job with one, beside those of a job without. */
import { DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { pushForeignImage } from "../../test/support/images";
import type { Section } from "../lib/benchmark";
import { against } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { allStages, total, wholeJob, type Call, type Job } from "./whole-job";

const stages = allStages;

/** The one that the tasks' execution role may pull from. */
async function ownRepository({ ecs, deployed }: Bed): Promise<string> {
  const { TaskDefinition: taskDefinition } = deployed.fargateToml.Fargate as { TaskDefinition: string };
  const { taskDefinition: found } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  return found!.containerDefinitions![0].image!.split(/[@:]/, 1)[0];
}

export async function ownImage(bed: Bed, rounds: number): Promise<Section> {
  const { Fargate, ...rest } = bed.deployed.fargateToml;
  const image = await pushForeignImage("busybox", `${await ownRepository(bed)}:busybox`);
  const driver = { ...bed.deployed, fargateToml: { ...rest, Fargate: { ...(Fargate as object), AllowedImages: ["**"] } } };
  const script = bed.file("in-image", "echo a line of output\n");
  const job = (options: { image?: string }) => async () => {
    bed.endpoint.take();
    const calls = await wholeJob(bed, { script, stages, driver, ...options });
    return { calls, aws: bed.endpoint.take() };
  };
  const { own, none } = await interleave({ own: job({ image }), none: job({}) }, { rounds, signal: bed.signal });

  const row = (what: string, figure: "wallMs" | "cpuMs", of?: readonly Call[]) => {
    const values = (jobs: { calls: Job }[]) => jobs.map(({ calls }) => total(calls, figure, of));
    return against(what, "ms", values(own), { name: "without image:", values: values(none) });
  };
  const awsCalls = (jobs: { aws: Record<string, number> }[]) =>
    jobs.map(({ aws }) => Object.values(aws).reduce((sum, count) => sum + count, 0));
  return {
    title: `A job with an image of its own (busybox), ${stages} stages`,
    measurements: [
      row("all calls, time", "wallMs"),
      row("  prepare, time", "wallMs", ["prepare"]),
      row("  run, time", "wallMs", ["run"]),
      row("all calls, CPU time", "cpuMs"),
      against("calls to AWS", "calls", awsCalls(own), { name: "without image:", values: awsCalls(none) }),
    ],
    notes: [
      "Its task definition is registered already: the first job of an image makes one call more.",
      "The image comes from a registry on this machine. On Fargate its size decides, as no host keeps images.",
    ],
  };
}
