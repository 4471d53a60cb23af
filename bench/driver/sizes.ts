/** Sizes of what is deployed: the binaries as the host compiles them, the image as it lies in the registry. */
import { statSync } from "node:fs";
import { DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { registryStore } from "../../sandbox/config";
import type { Section } from "../lib/benchmark";
import { plainly } from "../lib/report";
import type { Bed } from "./bed";

export async function sizes(bed: Bed): Promise<Section> {
  const bytes = (file: string) => statSync(file).size;
  const mebibytes = (what: string, size: number) => plainly(what, "MiB", [size / 2 ** 20]);
  return {
    title: "Sizes",
    measurements: [
      mebibytes("fargate", bytes(bed.deployed.driver)),
      mebibytes("ci-agent", bytes(bed.deployed.agent)),
      mebibytes("the image, compressed", await imageSize(bed)),
    ],
    notes: [
      "The sandbox's image has Debian's programs in Alpine's packages: its size is not that of the image on AWS.",
    ],
  };
}

/** Of all layers, in bytes. */
async function imageSize({ ecs, deployed }: Bed): Promise<number> {
  const { TaskDefinition: taskDefinition } = deployed.fargateToml.Fargate as { TaskDefinition: string };
  const answer = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { image } = answer.taskDefinition!.containerDefinitions![0];
  // "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY@sha256:…"
  const [repository, digest] = image!.slice(image!.indexOf("/") + 1).split("@");
  const response = await fetch(`http://${registryStore}/v2/${repository}/manifests/${digest}`, {
    headers: {
      accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
    },
  });
  if (!response.ok) throw new Error(`the registry does not tell the manifest of ${image}: ${await response.text()}`);
  const { layers } = (await response.json()) as { layers: { size: number }[] };
  return layers.reduce((sum, { size }) => sum + size, 0);
}
