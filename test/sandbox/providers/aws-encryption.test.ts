import { DescribeInstancesCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { expect } from "chai";
import type { Clients } from "../../../sandbox/providers/aws/clients";
import { ec2Resources } from "../../../sandbox/providers/aws/ec2";
import { ecrResources } from "../../../sandbox/providers/aws/ecr";
import { logResources } from "../../../sandbox/providers/aws/logs";
import { snsResources } from "../../../sandbox/providers/aws/sns";
import type { Props } from "../../../sandbox/providers/framework/values";
import { createContext } from "./support";

const key = "arn:aws:kms:us-east-1:123456789012:key/1";

describe("aws stand-in: KMS keys", () => {
  const { context } = createContext({ config: { region: "us-east-1" } });
  let sent: { input: Props }[];
  const client = {
    async send(command: { input: Props }) {
      sent.push(command);
      const Instances = [{ InstanceId: "i-1", State: { Name: "running" } }];
      if (command instanceof RunInstancesCommand) return { Instances };
      return command instanceof DescribeInstancesCommand ? { Reservations: [{ Instances }] } : {};
    },
  };
  const clients = () =>
    ({ region: "us-east-1", ec2: client, ecr: client, logs: client, sns: client }) as unknown as Clients;
  const resources = {
    ...ec2Resources(clients),
    ...ecrResources(clients),
    ...logResources(clients),
    ...snsResources(clients),
  };
  const inputsSent = () => sent.map(({ input }) => input);
  beforeEach(() => (sent = []));

  it("encrypt a new repository, topic and root volume", async () => {
    const encryptionConfigurations = [{ encryptionType: "KMS", kmsKey: key }];
    await resources["aws:ecr/repository:Repository"].create({ name: "r", encryptionConfigurations }, context);
    expect(inputsSent()[0]).to.deep.include({ encryptionConfiguration: { encryptionType: "KMS", kmsKey: key } });
    sent = [];
    await resources["aws:sns/topic:Topic"].create({ name: "t", kmsMasterKeyId: key }, context);
    expect(inputsSent()[0]).to.deep.include({ Attributes: { KmsMasterKeyId: key } });
    sent = [];
    const instance = { ami: "ami-1", instanceType: "t3.small", rootBlockDevice: { encrypted: true, kmsKeyId: key } };
    await resources["aws:ec2/instance:Instance"].create(instance, context);
    const { BlockDeviceMappings: devices } = sent.find((one) => one instanceof RunInstancesCommand)!.input;
    expect((devices as { Ebs: Props }[])[0].Ebs).to.deep.include({ Encrypted: true, KmsKeyId: key });
  });

  it("are given to a log group and a topic that are there, and taken again", async () => {
    const update = async (type: string, property: string, news?: string, old?: string) => {
      sent = [];
      const state = { name: "a", arn: "arn", ...(old && { [property]: old }) };
      await resources[type].update!("a", state, { name: "a", ...(news && { [property]: news }) }, context);
      return inputsSent();
    };
    const [group, topic] = ["aws:cloudwatch/logGroup:LogGroup", "aws:sns/topic:Topic"];
    expect(await update(group, "kmsKeyId", key)).to.deep.equal([{ logGroupName: "a", kmsKeyId: key }]);
    expect(await update(group, "kmsKeyId", undefined, key)).to.deep.equal([{ logGroupName: "a" }]);
    expect(await update(group, "kmsKeyId", key, key)).to.deep.equal([]);
    const attribute = { TopicArn: "a", AttributeName: "KmsMasterKeyId" };
    expect(await update(topic, "kmsMasterKeyId", key)).to.deep.equal([{ ...attribute, AttributeValue: key }]);
    expect(await update(topic, "kmsMasterKeyId", undefined, key)).to.deep.equal([{ ...attribute, AttributeValue: "" }]);
  });
});
