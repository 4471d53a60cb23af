/** Failures in the shapes that GitLab's API answers with. */

export class ApiError extends Error {
  constructor(
    readonly statusCode: number,
    readonly body: Record<string, unknown>,
    readonly headers: Record<string, string> = {},
  ) {
    super(`${statusCode} ${JSON.stringify(body)}`);
  }
}

export const unauthorized = () => new ApiError(401, { message: "401 Unauthorized" });
export const notFound = (what?: string) =>
  new ApiError(404, { message: what ? `404 ${what} Not Found` : "404 Not found" });
export const forbidden = (reason?: string, headers?: Record<string, string>) =>
  new ApiError(403, { message: reason ? `403 Forbidden - ${reason}` : "403 Forbidden" }, headers);
/** A parameter that is missing or has no valid value: GitLab says `error`, not `message`. */
export const badParameters = (problems: string[]) => new ApiError(400, { error: problems.join(", ") });
/** A record that fails its validations: messages by attribute. */
export const invalidRecord = (problems: Record<string, string[]>) => new ApiError(400, { message: problems });
export const badRequest = (reason: string) => new ApiError(400, { message: `400 Bad request - ${reason}` });

/** A pipeline that can't be made from the given file: nothing of it has run. */
export class PipelineError extends Error {
  override name = "PipelineError";
}
