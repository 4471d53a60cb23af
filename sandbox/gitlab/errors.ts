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
/** As Rack::OAuth2 words it. */
export const expiredToken = () =>
  new ApiError(401, {
    error: "invalid_token",
    error_description: "Token is expired. You can either do re-authorization or token refresh.",
  });
export const insufficientScope = (scopes: string[]) =>
  new ApiError(403, {
    error: "insufficient_scope",
    error_description: "The request requires higher privileges than provided by the access token.",
    scope: scopes.join(" "),
  });
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
