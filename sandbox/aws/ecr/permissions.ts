/** What a request to ECR's registry needs. */
import { accountId, region } from "../../config";
import type { Permission } from "../iam/evaluate";

const reading: Record<string, string> = {
  "GET manifests": "BatchGetImage",
  "HEAD manifests": "BatchGetImage",
  "GET blobs": "GetDownloadUrlForLayer",
  "HEAD blobs": "BatchCheckLayerAvailability",
};

/** @param kind manifests or blobs; whatever writes one of them is taken for PutImage, which the sandbox's roles do not do */
export const permissionOf = (method: string, kind: string, repository: string): Permission => ({
  action: `ecr:${reading[`${method} ${kind}`] ?? "PutImage"}`,
  resource: `arn:aws:ecr:${region}:${accountId}:repository/${repository}`,
  context: {},
});
