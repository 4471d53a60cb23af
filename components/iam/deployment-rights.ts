/**
 * What the AWS provider does in AWS for each type of resource and look-up that the program has, as IAM actions: after
 * terraform-provider-aws, internal/service. A test fails when the program registers a type that is missing here.
 */
import { ec2Rights } from "./ec2-rights";
import type { Actions, Rights } from "./rights";

const tagged = (service: string) => [`${service}:TagResource`, `${service}:UntagResource`];

const bucketSetting = (name: string): Rights => ({
  read: { bucket: [`s3:Get${name}`] },
  write: { bucket: [`s3:Put${name}`] },
});

const nothing: Rights = { read: {}, write: {} };

export const resourceRights: Readonly<Record<string, Rights>> = {
  "aws:cloudwatch/dashboard:Dashboard": {
    read: { dashboard: ["cloudwatch:GetDashboard"] },
    write: { dashboard: ["cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"] },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    read: { any: ["logs:DescribeLogGroups"], "log-group": ["logs:ListTagsForResource"] },
    write: {
      "log-group": [
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DeleteRetentionPolicy",
        "logs:DisassociateKmsKey",
        "logs:PutRetentionPolicy",
        ...tagged("logs"),
      ],
    },
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    read: { any: ["cloudwatch:DescribeAlarms"], alarm: ["cloudwatch:ListTagsForResource"] },
    write: { alarm: ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", ...tagged("cloudwatch")] },
  },
  ...ec2Rights,
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    read: { repository: ["ecr:GetLifecyclePolicy"] },
    write: { repository: ["ecr:DeleteLifecyclePolicy", "ecr:PutLifecyclePolicy"] },
  },
  "aws:ecr/repository:Repository": {
    read: { repository: ["ecr:DescribeRepositories", "ecr:ListTagsForResource"] },
    write: {
      repository: [
        "ecr:CreateRepository",
        "ecr:DeleteRepository",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        ...tagged("ecr"),
      ],
    },
  },
  "aws:ecs/cluster:Cluster": {
    read: { cluster: ["ecs:DescribeClusters", "ecs:ListTagsForResource"] },
    write: {
      cluster: ["ecs:CreateCluster", "ecs:DeleteCluster", "ecs:UpdateCluster", ...tagged("ecs")],
      // ECS makes its role with the account's first cluster, by the rights of whoever creates that.
      "service-linked-role": ["iam:CreateServiceLinkedRole"],
    },
  },
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": {
    read: { cluster: ["ecs:DescribeClusters"] },
    write: { cluster: ["ecs:PutClusterCapacityProviders"] },
  },
  "aws:ecs/taskDefinition:TaskDefinition": {
    read: { any: ["ecs:DescribeTaskDefinition"], "task-definition": ["ecs:ListTagsForResource"] },
    write: {
      // `deploy` and `destroy` look earlier revisions up and deregister them (automation/retire.ts).
      any: ["ecs:DeregisterTaskDefinition", "ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions"],
      "task-definition": ["ecs:RegisterTaskDefinition", ...tagged("ecs")],
    },
  },
  "aws:iam/instanceProfile:InstanceProfile": {
    read: { "instance-profile": ["iam:GetInstanceProfile"], role: ["iam:GetRole"] },
    write: {
      "instance-profile": [
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
      ],
    },
  },
  "aws:iam/role:Role": {
    read: { role: ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"] },
    write: {
      role: [
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:ListInstanceProfilesForRole",
        "iam:PutRolePermissionsBoundary",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ],
    },
  },
  "aws:iam/rolePolicy:RolePolicy": {
    read: { role: ["iam:GetRolePolicy"] },
    write: { role: ["iam:DeleteRolePolicy", "iam:PutRolePolicy"] },
  },
  "aws:s3/bucket:Bucket": {
    read: {
      bucket: [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLocation",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
        "s3:ListTagsForResource",
      ],
    },
    write: {
      bucket: ["s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucketVersions", "s3:PutBucketTagging", ...tagged("s3")],
      object: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    },
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketSetting("LifecycleConfiguration"),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucketSetting("BucketOwnershipControls"),
  "aws:s3/bucketPolicy:BucketPolicy": {
    read: { bucket: ["s3:GetBucketPolicy"] },
    write: { bucket: ["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"] },
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketSetting("BucketPublicAccessBlock"),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    bucketSetting("EncryptionConfiguration"),
  "aws:sns/topic:Topic": {
    read: { topic: ["sns:GetTopicAttributes", "sns:ListTagsForResource"] },
    write: { topic: ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", ...tagged("sns")] },
  },
  "aws:sns/topicSubscription:TopicSubscription": {
    read: { topic: ["sns:GetSubscriptionAttributes", "sns:ListSubscriptionsByTopic"] },
    write: { topic: ["sns:SetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"] },
  },
  // These register resources of the types above.
  "awsx:ecr:Image": nothing,
  "awsx:ecr:Repository": nothing,
  "docker-build:index:Image": {
    read: {
      any: ["ecr:GetAuthorizationToken"],
      repository: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    },
    write: {
      repository: ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"],
    },
  },
};

/** By the token of the function. */
export const lookUpRights: Readonly<Record<string, Actions>> = {
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": { any: ["ec2:DescribeInstanceTypeOfferings"] },
  "aws:ec2/getSecurityGroup:getSecurityGroup": { any: ["ec2:DescribeSecurityGroups"] },
  "aws:ec2/getSubnet:getSubnet": { any: ["ec2:DescribeSubnets"] },
  "aws:ec2/getSubnets:getSubnets": { any: ["ec2:DescribeSubnets"] },
  "aws:ec2/getVpc:getVpc": { any: ["ec2:DescribeRouteTables", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"] },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": { any: ["ecr:GetAuthorizationToken"] },
  "aws:iam/getRole:getRole": { "service-linked-role": ["iam:GetRole"], "task-role": ["iam:GetRole"] },
  "aws:servicequotas/getServiceQuota:getServiceQuota": {
    any: ["servicequotas:GetAWSDefaultServiceQuota"],
    quota: ["servicequotas:GetServiceQuota"],
  },
  "aws:ssm/getParameter:getParameter": { "public-parameter": ["ssm:GetParameter"] },
};
