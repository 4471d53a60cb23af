/** The AWS resources of a deployment as a CloudFormation template, which cfn-lint reads. */
import { plain, type Registered } from "./deploy";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of all types of resources
type Inputs = Record<string, any>;

interface Kind {
  type: string;
  /** Inputs whose properties are called otherwise than the same with a capital. */
  rename?: Record<string, string>;
  /** Inputs that CloudFormation has elsewhere or not at all. */
  drop?: string[];
  /** What has another form there. */
  also?(inputs: Inputs, others: Others): Inputs;
}

/** Inputs of the one resource of a type, where there is one. */
type Others = (type: string) => Inputs;

/** @throws where there is a type of AWS's that is not known here */
export function templateOf(resources: readonly Registered[]): object {
  const all = resources
    .filter(({ type }) => /^awsx?:/.test(type) && !parts.includes(type))
    .map(({ type, name, urn, inputs }) => ({ type, name, urn, inputs: plain<Inputs>(inputs) }));
  const others: Others = (type) => plain(resources.find((one) => one.type === type)?.inputs ?? {});
  const converted = all.map(({ type, name, urn, inputs }, index) => {
    if (!(type in kinds)) throw new Error(`no CloudFormation type is known for ${type}`);
    const resource = {
      Type: kinds[type].type,
      Properties: propertiesOf(kinds[type], inputs, others),
      Metadata: { urn },
    };
    return [`${name.replaceAll(/[^A-Za-z0-9]/g, "")}${index}`, resource];
  });
  return { AWSTemplateFormatVersion: "2010-09-09", Resources: Object.fromEntries(converted) };
}

function propertiesOf({ rename = {}, drop = [], also }: Kind, inputs: Inputs, others: Others): Inputs {
  const own = Object.entries(inputs).filter(([name]) => !drop.includes(name) && name !== "tags");
  return {
    ...Object.fromEntries(own.map(([name, value]) => [rename[name] ?? capital(name), capitalised(value)])),
    ...(inputs.tags && !drop.includes("tags") ? { Tags: pairs(inputs.tags, "Key") } : {}),
    ...also?.(inputs, others),
  };
}

/** CloudFormation has these as properties of others. */
const parts = [
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "awsx:ecr:Image",
];

const rule = (group: string) => ({
  rename: {
    cidrIpv4: "CidrIp",
    cidrIpv6: "CidrIpv6",
    referencedSecurityGroupId: group,
    securityGroupId: "GroupId",
  },
  drop: ["tags"],
});

const kinds: Record<string, Kind> = {
  "aws:cloudwatch/dashboard:Dashboard": { type: "AWS::CloudWatch::Dashboard" },
  "aws:cloudwatch/logGroup:LogGroup": { type: "AWS::Logs::LogGroup", rename: { name: "LogGroupName" } },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    type: "AWS::CloudWatch::Alarm",
    rename: { name: "AlarmName", okActions: "OKActions" },
    also: ({ dimensions }) => ({ Dimensions: pairs(dimensions, "Name") }),
  },
  "aws:ec2/eip:Eip": { type: "AWS::EC2::EIP" },
  "aws:ec2/eipAssociation:EipAssociation": { type: "AWS::EC2::EIPAssociation" },
  "aws:ec2/instance:Instance": {
    type: "AWS::EC2::Instance",
    rename: { ami: "ImageId" },
    drop: ["associatePublicIpAddress", "rootBlockDevice", "subnetId", "userDataReplaceOnChange", "vpcSecurityGroupIds"],
    also: ({ associatePublicIpAddress, rootBlockDevice: { tags: _, ...root }, subnetId, vpcSecurityGroupIds }) => ({
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: capitalised(root) }],
      NetworkInterfaces: [
        {
          AssociatePublicIpAddress: associatePublicIpAddress,
          DeviceIndex: "0",
          GroupSet: vpcSecurityGroupIds,
          SubnetId: subnetId,
        },
      ],
    }),
  },
  "aws:ec2/keyPair:KeyPair": {
    type: "AWS::EC2::KeyPair",
    rename: { publicKey: "PublicKeyMaterial" },
    also: ({ keyName }) => ({ KeyName: keyName ?? "generated" }),
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    type: "AWS::EC2::SecurityGroup",
    rename: { name: "GroupName", description: "GroupDescription" },
  },
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
    type: "AWS::EC2::SecurityGroupEgress",
    ...rule("DestinationSecurityGroupId"),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
    type: "AWS::EC2::SecurityGroupIngress",
    ...rule("SourceSecurityGroupId"),
  },
  "aws:ecs/cluster:Cluster": {
    type: "AWS::ECS::Cluster",
    rename: { name: "ClusterName", settings: "ClusterSettings" },
    also(_, others) {
      const providers = others("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders");
      return {
        CapacityProviders: providers.capacityProviders,
        DefaultCapacityProviderStrategy: capitalised(providers.defaultCapacityProviderStrategies),
      };
    },
  },
  "aws:ecs/taskDefinition:TaskDefinition": {
    type: "AWS::ECS::TaskDefinition",
    drop: ["ephemeralStorage", "skipDestroy"],
    also: ({ containerDefinitions, ephemeralStorage }) => ({
      ContainerDefinitions: (JSON.parse(containerDefinitions) as Inputs[]).map(container),
      ...(ephemeralStorage && { EphemeralStorage: { SizeInGiB: ephemeralStorage.sizeInGib } }),
    }),
  },
  "aws:iam/instanceProfile:InstanceProfile": {
    type: "AWS::IAM::InstanceProfile",
    rename: { name: "InstanceProfileName" },
    drop: ["role", "tags"],
    also: ({ role }) => ({ Roles: [role] }),
  },
  "aws:iam/role:Role": {
    type: "AWS::IAM::Role",
    rename: { name: "RoleName" },
    drop: ["assumeRolePolicy"],
    also: ({ assumeRolePolicy }) => ({ AssumeRolePolicyDocument: JSON.parse(assumeRolePolicy) }),
  },
  "aws:s3/bucket:Bucket": {
    type: "AWS::S3::Bucket",
    rename: { bucket: "BucketName" },
    drop: ["forceDestroy"],
    also: (_, others) => bucketSettings(others),
  },
  "aws:s3/bucketPolicy:BucketPolicy": {
    type: "AWS::S3::BucketPolicy",
    drop: ["policy"],
    also: ({ policy }) => ({ PolicyDocument: JSON.parse(policy) }),
  },
  "aws:sns/topic:Topic": { type: "AWS::SNS::Topic", rename: { name: "TopicName" } },
  "aws:sns/topicSubscription:TopicSubscription": { type: "AWS::SNS::Subscription", rename: { topic: "TopicArn" } },
  "awsx:ecr:Repository": {
    type: "AWS::ECR::Repository",
    rename: { name: "RepositoryName", forceDelete: "EmptyOnDelete" },
    drop: ["encryptionConfigurations", "lifecyclePolicy"],
    also: ({ encryptionConfigurations: [encryption] = [] as Inputs[] }) =>
      encryption ? { EncryptionConfiguration: capitalised(encryption) } : {},
  },
};

/** The keys of a container's log options are the log driver's. */
function container({ logConfiguration, ...definition }: Inputs): Inputs {
  const { logDriver, options } = logConfiguration;
  return { ...capitalised(definition), LogConfiguration: { LogDriver: logDriver, Options: options } };
}

function bucketSettings(others: Others): Inputs {
  const { bucket: _, ...access } = others("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
  const { rules: encryption } = others(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  );
  const { rule: ownership } = others("aws:s3/bucketOwnershipControls:BucketOwnershipControls");
  const { rules: lifecycle } = others("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
  return {
    PublicAccessBlockConfiguration: capitalised(access),
    OwnershipControls: { Rules: [capitalised(ownership)] },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: encryption.map((one: Inputs) => ({
        BucketKeyEnabled: one.bucketKeyEnabled,
        ServerSideEncryptionByDefault: {
          SSEAlgorithm: one.applyServerSideEncryptionByDefault.sseAlgorithm,
          KMSMasterKeyID: one.applyServerSideEncryptionByDefault.kmsMasterKeyId,
        },
      })),
    },
    LifecycleConfiguration: {
      Rules: lifecycle.map(({ filter, expiration, id, ...one }: Inputs) => ({
        ...capitalised(one),
        Id: id,
        Prefix: filter.prefix,
        ExpirationInDays: expiration.days,
      })),
    },
  };
}

const capital = (name: string) => name[0].toUpperCase() + name.slice(1);

function capitalised<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(capitalised) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [capital(name), capitalised(one)])) as Value;
}

const pairs = (values: Inputs = {}, key: "Key" | "Name") =>
  Object.entries(values).map(([name, Value]) => ({ [key]: name, Value }));
