/** IAM policy documents, as pure functions of ARNs. Each grants what one role does, and nothing else. */
import { useCache } from "./cache";

export interface Statement {
  Sid: string;
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string | string[];
  Principal?: Record<string, string> | "*";
  Condition?: Record<string, Record<string, string | string[]>>;
}

export const document = (...statements: Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

const trust = (principal: Record<string, string>): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: principal }],
  });

/** Who may take a role: a service of AWS, like ec2.amazonaws.com. */
export const assumedBy = (service: string): string => trust({ Service: service });

/** Another role, and nobody else, may take a role. */
export const assumedByRole = (roleArn: string): string => trust({ AWS: roleArn });

/** Partition, region and account of an ARN. */
export function arnParts(arn: string): { partition: string; region: string; account: string } {
  const [, partition, , region, account] = arn.split(":");
  return { partition, region, account };
}

/** Of the partitions that this program knows. */
export const partitionOf = (region: string): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";

export interface HostAccess {
  clusterArn: string;
  /** Families of the task definitions that may be run. */
  families: string[];
  executionRoleArn: string;
  /** Of the jobs. */
  taskRoleArns: string[];
  /** The bucket of `cache:`. */
  cacheBucketArn?: string;
  /** ARN of the KMS key that encrypts it. */
  cacheKeyArn?: string;
  /** What it may do besides for jobs with images or services of their own. */
  images?: Statement[];
  /** What the host's monitor may do besides. */
  monitor?: Statement[];
}

/** What driver and runner do on a host: run, watch and stop tasks of the stack's cluster, and presign cache archives. */
export function hostPolicy({
  clusterArn,
  families,
  executionRoleArn,
  taskRoleArns,
  cacheBucketArn,
  cacheKeyArn,
  images = [],
  monitor = [],
}: HostAccess): string {
  const { partition, region, account } = arnParts(clusterArn);
  const cluster = clusterArn.slice(clusterArn.indexOf("/") + 1);
  const ecs = `arn:${partition}:ecs:${region}:${account}`;
  const inCluster = { ArnEquals: { "ecs:cluster": clusterArn } };
  const tasks = `${ecs}:task/${cluster}/*`;
  return document(
    {
      Sid: "RunTasks",
      Effect: "Allow",
      Action: ["ecs:RunTask"],
      Resource: families.map((family) => `${ecs}:task-definition/${family}:*`),
      Condition: inCluster,
    },
    {
      Sid: "WatchAndStopTasks",
      Effect: "Allow",
      Action: ["ecs:DescribeTasks", "ecs:StopTask"],
      Resource: tasks,
      Condition: inCluster,
    },
    // ListTasks takes no task ARNs as its resource. The condition confines it to the cluster.
    { Sid: "ListTasks", Effect: "Allow", Action: ["ecs:ListTasks"], Resource: "*", Condition: inCluster },
    {
      Sid: "TagTasksWhenStarted",
      Effect: "Allow",
      Action: ["ecs:TagResource"],
      Resource: tasks,
      Condition: { StringEquals: { "ecs:CreateAction": "RunTask" } },
    },
    {
      Sid: "HandRolesToTasks",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: [executionRoleArn, ...taskRoleArns],
      Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    },
    ...images,
    ...(cacheBucketArn === undefined ? [] : useCache({ bucketArn: cacheBucketArn, keyArn: cacheKeyArn })),
    ...monitor,
  );
}

export interface ExecutionAccess {
  logGroupArn: string;
  imageUri: string;
  /**
   * Whether the image was built elsewhere. Its repository can be a pull-through cache then.
   * @default false
   */
  builtElsewhere?: boolean;
  /**
   * ARNs of repositories that jobs name images and services of.
   * @default none
   */
  repositories?: readonly string[];
  /**
   * ARNs of repositories of pull-through caches.
   * @default none
   */
  caches?: readonly string[];
  /**
   * ARNs of secrets by which ECS logs in at registries.
   * @default none
   */
  secrets?: readonly string[];
}

/** What ECS does for a task before its containers run: pull their images, write their logs. */
export function executionPolicy(args: ExecutionAccess): string {
  const { partition } = arnParts(args.logGroupArn);
  const { caches = [], secrets = [] } = args;
  const repository = ecrRepositoryArn(args.imageUri, partition);
  const own = repository === undefined ? [] : [repository];
  const repositories = [...new Set([...own, ...(args.repositories ?? []), ...caches])];
  const filled = [...new Set([...(args.builtElsewhere ? own : []), ...caches])];
  return document(
    {
      Sid: "WriteLog",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: `${args.logGroupArn}:*`,
    },
    ...(repositories.length === 0 ? [] : pullFrom(repositories)),
    ...(filled.length === 0 ? [] : [pullThrough(filled)]),
    ...(secrets.length === 0 ? [] : [readSecrets(secrets)]),
  );
}

/** The call takes no resource. */
export const logIn: Statement = {
  Sid: "LogIn",
  Effect: "Allow",
  Action: ["ecr:GetAuthorizationToken"],
  Resource: "*",
};

const pullFrom = (repositories: string[]): Statement[] => [
  logIn,
  {
    Sid: "PullImage",
    Effect: "Allow",
    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    Resource: oneOrAll(repositories),
  },
];

/**
 * ECR fetches an image that a pull-through cache does not have yet by the rights of whoever pulls it, and makes its
 * repository. An address does not tell whether it is one of such a cache; for any other one, the rights do nothing.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
 */
const pullThrough = (repositories: string[]): Statement => ({
  Sid: "PullThrough",
  Effect: "Allow",
  Action: ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
  Resource: oneOrAll(repositories),
});

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html */
const readSecrets = (secrets: readonly string[]): Statement => ({
  Sid: "ReadRegistryLogins",
  Effect: "Allow",
  Action: ["secretsmanager:GetSecretValue"],
  Resource: oneOrAll(secrets),
});

const oneOrAll = (resources: readonly string[]) => (resources.length === 1 ? resources[0] : [...resources]);

/** ECR's registries in all partitions, by IPv4, by IPv4 and IPv6 (dkr-ecr), with FIPS and without. */
const ecrDomains = [
  "amazonaws.com",
  "amazonaws.com.cn",
  "amazonaws.eu",
  "on.aws",
  "on.amazonwebservices.com.cn",
  "c2s.ic.gov",
  "sc2s.sgov.gov",
  "cloud.adc-e.uk",
  "csp.hci.ic.gov",
];
const anyDomain = ecrDomains.map((domain) => domain.replaceAll(".", "\\.")).join("|");
const ecrAddress = new RegExp(`^(\\d{12})\\.dkr[.-]ecr(?:-fips)?\\.([a-z0-9-]+)\\.(?:${anyDomain})/([^:@]+)`);

/** The ARN of the ECR repository an image lies in; undefined for any other registry. */
export function ecrRepositoryArn(imageUri: string, partition: string): string | undefined {
  const match = ecrAddress.exec(imageUri);
  return match ? `arn:${partition}:ecr:${match[2]}:${match[1]}:repository/${match[3]}` : undefined;
}

/** Refuses requests that do not come over TLS. */
export function tlsOnly(bucketArn: string): string {
  return document({
    Sid: "TlsOnly",
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:*"],
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
}
