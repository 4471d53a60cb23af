/** Changes of an instance's root volume that keep both. */
import { ModifyVolumeCommand, type EC2Client, type Instance, type VolumeType } from "@aws-sdk/client-ec2";
import type { Props } from "../framework/values";
import { changed } from "./common";
import { tagEc2 } from "./ec2-tags";

const rootOf = (inputs: Props): Props => (inputs.rootBlockDevice ?? {}) as Props;

export async function modifyRootVolume(
  ec2: EC2Client,
  instance: Instance | undefined,
  state: Props,
  inputs: Props,
): Promise<void> {
  const [olds, news] = [rootOf(state), rootOf(inputs)];
  const VolumeId = volumeOf(instance);
  if (VolumeId && (changed(olds, news, "volumeSize") || changed(olds, news, "volumeType"))) {
    if (Number(news.volumeSize) < Number(olds.volumeSize)) {
      const message = `New size cannot be smaller than existing size ${String(olds.volumeSize)}`;
      throw Object.assign(new Error(message), { name: "InvalidParameterValue" });
    }
    const [Size, Type] = [news.volumeSize as number | undefined, news.volumeType as VolumeType | undefined];
    await ec2.send(new ModifyVolumeCommand({ VolumeId, Size, VolumeType: Type }));
  }
  await tagRootVolume(ec2, instance, state, inputs);
}

/** The tags of a volume are its own: those of the instance do not go over to it. */
export async function tagRootVolume(
  ec2: EC2Client,
  instance: Instance | undefined,
  state: Props,
  inputs: Props,
): Promise<void> {
  const VolumeId = volumeOf(instance);
  if (VolumeId) await tagEc2(ec2, VolumeId, rootOf(state), rootOf(inputs));
}

function volumeOf(instance: Instance | undefined): string | undefined {
  const { BlockDeviceMappings = [], RootDeviceName } = instance ?? {};
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName) ?? BlockDeviceMappings[0];
  return root?.Ebs?.VolumeId;
}
