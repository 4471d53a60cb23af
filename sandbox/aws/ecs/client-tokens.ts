/** RunTask's idempotency. */
import { AwsError } from "../protocol";
import type { RunTaskRequest } from "./types";

/** Remembers which request a client token was used for, and its answer. */
export class ClientTokens {
  private readonly used = new Map<string, { request: string; answer: Promise<object> }>();

  /**
   * Runs a request once per token: the same token with the same parameters is the same request, also while the first is
   * still on its way. Requests without a token always run.
   * @throws AwsError ConflictException when the token was used with other parameters
   */
  once(request: RunTaskRequest, run: () => Promise<object>): { answer: Promise<object>; repeated: boolean } {
    const { clientToken, ...parameters } = request;
    if (!clientToken) return { answer: run(), repeated: false };
    const text = JSON.stringify(parameters);
    const known = this.used.get(clientToken);
    if (known && known.request !== text) {
      throw new AwsError("ConflictException", "The RunTask request's client token was used with other parameters.");
    }
    if (known) return { answer: known.answer, repeated: true };
    const answer = run();
    this.used.set(clientToken, { request: text, answer });
    // A request that was refused started nothing and may be sent again.
    answer.catch(() => this.used.delete(clientToken));
    return { answer, repeated: false };
  }
}
