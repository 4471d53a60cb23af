/** What moto knows of ECR's repositories. */
import { DescribeRepositoriesCommand, RepositoryNotFoundException, type ECRClient } from "@aws-sdk/client-ecr";

/** Tells whether a repository's tags may move; undefined where there is no such repository. */
export const tagMutability = (ecr: ECRClient) => async (repository: string) => {
  try {
    const { repositories } = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repository] }));
    return repositories?.[0]?.imageTagMutability === "IMMUTABLE" ? "IMMUTABLE" : "MUTABLE";
  } catch (error) {
    if (error instanceof RepositoryNotFoundException) return undefined;
    throw error;
  }
};
