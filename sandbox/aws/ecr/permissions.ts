/** What a request to ECR's registry needs. */
import { accountId, region } from "../../config";
import type { Permission } from "../iam/evaluate";

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html, and what a pull needs. */
const actions: Record<string, string> = {
  "GET manifests": "BatchGetImage",
  "HEAD manifests": "BatchGetImage",
  "GET blobs": "GetDownloadUrlForLayer",
  "HEAD blobs": "BatchCheckLayerAvailability",
  "POST blobs": "InitiateLayerUpload",
  "PATCH blobs": "UploadLayerPart",
  "PUT blobs": "CompleteLayerUpload",
  "PUT manifests": "PutImage",
  "DELETE manifests": "BatchDeleteImage",
  "GET tags": "ListImages",
};

/** @param kind manifests, blobs or tags */
export const permissionOf = (method: string, kind: string, repository: string): Permission => ({
  action: `ecr:${actions[`${method} ${kind}`] ?? "*"}`,
  resource: `arn:aws:ecr:${region}:${accountId}:repository/${repository}`,
  context: {},
});
