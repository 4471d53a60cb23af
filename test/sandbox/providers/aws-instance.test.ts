import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  ModifyInstanceAttributeCommand,
  ModifyVolumeCommand,
} from "@aws-sdk/client-ec2";
import { expect } from "chai";
import type { Clients } from "../../../sandbox/providers/aws/clients";
import { ec2Resources } from "../../../sandbox/providers/aws/ec2";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import type { Props } from "../../../sandbox/providers/framework/values";
import { createContext, rejection } from "./support";

const root = { DeviceName: "/dev/xvda", Ebs: { VolumeId: "vol-1" } };
const inputs = (over: Props = {}): Props => ({
  ami: "ami-1",
  instanceType: "t3.small",
  rootBlockDevice: { encrypted: true, volumeSize: 20, volumeType: "gp3", tags: { a: "1" } },
  tags: { a: "1" },
  ...over,
});
const volume = (over: Props): Props => ({ rootBlockDevice: { ...(inputs().rootBlockDevice as Props), ...over } });

describe("aws stand-in: instances", () => {
  const { context } = createContext({ config: { region: "us-east-1" } });
  let sent: object[];
  const ec2 = {
    async send(command: object) {
      sent.push(command);
      if (command instanceof DescribeSecurityGroupsCommand) {
        return { SecurityGroups: command.input.GroupIds?.map((GroupId) => ({ GroupId, VpcId: GroupId.slice(3, 8) })) };
      }
      if (!(command instanceof DescribeInstancesCommand)) return {};
      const found = { InstanceId: "i-1", VpcId: "vpc-1", RootDeviceName: root.DeviceName, BlockDeviceMappings: [root] };
      return { Reservations: [{ Instances: [found] }] };
    },
  };
  const resource = ec2Resources(() => ({ region: "us-east-1", ec2 }) as unknown as Clients)[
    "aws:ec2/instance:Instance"
  ];
  beforeEach(() => (sent = []));

  const replaced = async (news: Props) => {
    const state = { ...inputs(), publicIp: "198.51.100.1" };
    const { changes } = await lifecycle.diff(resource, { state, oldInputs: inputs(), news: inputs(news) }, context);
    expect(changes).to.not.deep.equal([]);
    return changes.filter(({ replace }) => replace).map(({ path }) => path);
  };

  it("are kept when their volume's tags or size change, and replaced where it is not to be encrypted", async () => {
    expect(await replaced(volume({ tags: { a: "2" }, volumeSize: 30, volumeType: "gp2" }))).to.deep.equal([]);
    expect(await replaced(volume({ encrypted: false }))).to.deep.equal(["rootBlockDevice.encrypted"]);
  });

  const update = (news: Props) =>
    resource.update!("i-1", { ...inputs(), publicIp: "198.51.100.1" }, inputs(news), context);

  it("have their volume tagged and changed with them", async () => {
    await update(volume({ tags: { a: "2" }, volumeSize: 30 }));
    const made = sent.filter((one) => one instanceof CreateTagsCommand || one instanceof ModifyVolumeCommand);
    expect(made.map((one) => (one as CreateTagsCommand | ModifyVolumeCommand).input)).to.deep.equal([
      { VolumeId: "vol-1", Size: 30, VolumeType: "gp3" },
      { Resources: ["vol-1"], Tags: [{ Key: "a", Value: "2" }] },
    ]);
  });

  it("get another security group of their own network only", async () => {
    const change = (group: string) => {
      const [olds, news] = ["sg-vpc-1-a", group].map((id) => inputs({ vpcSecurityGroupIds: [id] }));
      return lifecycle.update(resource, { id: "i-1", state: olds, oldInputs: olds, news, preview: false }, context);
    };
    await change("sg-vpc-1-b");
    const modified = () => sent.filter((command) => command instanceof ModifyInstanceAttributeCommand);
    expect(modified()).to.have.length(1);
    expect((await rejection(change("sg-vpc-2-a"))).message).to.match(
      /^InvalidParameter: .* are in different networks$/,
    );
    expect(modified()).to.have.length(1);
  });

  it("have no volume that shrinks", async () => {
    expect((await rejection(update(volume({ volumeSize: 10 })))).message).to.contain("cannot be smaller");
  });
});
