/**
 * What jobs with images or services of their own take: hosts read the images' manifests and configs and register task
 * definitions for them, and tasks pull from ECR.
 */
import { eachOnce } from "../each-once";
import { imageInfix } from "../names";
import { alternatives } from "../settings/images";
import type { Registry } from "../settings/registries";
import { reached } from "../settings/registry-reach";
import { arnParts, ecrRepositoryArn, logIn, type ExecutionAccess, type Statement } from "./documents";

/**
 * Statements of the host's policy. The roles that the definitions name are those that a host hands to tasks anyway.
 *
 * @param families of the task definitions that others are derived from
 */
export function imageStatements(clusterArn: string, families: readonly string[]): Statement[] {
  const { partition, region, account } = arnParts(clusterArn);
  // With any revision: one that is to be registered has no number yet.
  const derived = families.map(
    (family) => `arn:${partition}:ecs:${region}:${account}:task-definition/${family}${imageInfix}*:*`,
  );
  return [
    {
      Sid: "RunTasksOfImages",
      Effect: "Allow",
      Action: ["ecs:RunTask"],
      Resource: derived,
      Condition: { ArnEquals: { "ecs:cluster": clusterArn } },
    },
    {
      Sid: "LookUpDefinitions",
      Effect: "Allow",
      Action: ["ecs:DescribeTaskDefinition"],
      // The call takes no resource and has no key of its own: it shows all that the account has registered in the region.
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": region } },
    },
    {
      Sid: "RegisterDefinitions",
      Effect: "Allow",
      Action: ["ecs:RegisterTaskDefinition"],
      Resource: derived,
      // Fargate takes no privileged containers and no folders of a machine; a definition for EC2 could have them.
      Condition: {
        ["ForAllValues:StringEquals"]: { "ecs:compute-compatibility": "FARGATE" },
        Null: { "ecs:compute-compatibility": "false" },
      },
    },
    {
      Sid: "TagDefinitionsWhenRegistered",
      Effect: "Allow",
      Action: ["ecs:TagResource"],
      Resource: derived,
      Condition: { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },
    },
  ];
}

/**
 * Statements of the host's policy. The driver reads an image before it starts a task that pulls it; without them, the pull
 * alone tells what is wrong with it.
 *
 * @param repositories ARNs of those that tasks may pull from
 */
export const readStatements = (repositories: string[]): Statement[] =>
  repositories.length === 0
    ? []
    : [
        logIn,
        // An image that a cache has not fetched yet is no missing one. The call takes no resource.
        {
          Sid: "TellCachesOfImages",
          Effect: "Allow",
          Action: ["ecr:DescribePullThroughCacheRules"],
          Resource: "*",
        },
        {
          Sid: "ReadImages",
          Effect: "Allow",
          // A config is one of an image's blobs, which ECR calls layers.
          Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
          Resource: repositories,
        },
      ];

/** ARNs of the repositories that hosts read before a task pulls from them. */
export const readable = ({
  repositories = [],
  caches = [],
}: Pick<ExecutionAccess, "repositories" | "caches">): string[] => eachOnce([...repositories, ...caches]);

/**
 * What the execution role may reach for jobs' images: nothing where they may name none, and nothing for a registry that
 * no pattern reaches.
 *
 * @param images patterns of them
 */
export function foreignAccess(
  images: readonly string[],
  registries: Readonly<Record<string, Registry>>,
  partition: string,
): Pick<ExecutionAccess, "repositories" | "caches" | "secrets"> {
  if (images.length === 0) return {};
  const all = Object.values(reached(registries, images));
  return {
    repositories: imageRepositories(images, partition),
    caches: eachOnce(all.flatMap(({ pullFrom }) => ecrRepositoryArn(`${pullFrom}/*`, partition) ?? [])),
    secrets: eachOnce(all.flatMap(({ credentials }) => credentials ?? [])),
  };
}

/**
 * ARNs of the ECR repositories that patterns of images name: each whose registry's address is written out. IAM's
 * wildcards know no slashes and no lists, and a pattern's `**` with its slash is also no folder at all, so that these name at least what
 * the pattern does; what a job may have is the driver's to say.
 */
export const imageRepositories = (patterns: readonly string[], partition: string): string[] =>
  eachOnce(
    patterns
      .flatMap((pattern) => [...alternatives(pattern)])
      .flatMap((one) => ecrRepositoryArn(one, partition) ?? [])
      .map((arn) => arn.replace(/\*\*\//g, "*").replace(/\*+/g, "*")),
  );
