/** Tells Pulumi's language host that there is nothing to add: `nodeJSProcessExitedAfterLoggingUserActionableMessage`. */
const silently = 32;

/**
 * Ends the program without a word where its engine has ended before it, as it does when a provider refuses its
 * configuration while look-ups are under way. The engine has said why; the SDK would add the stack trace of whichever
 * call found it gone.
 */
export function endWithTheEngine(): void {
  // Before the SDK's own listeners.
  process.off("uncaughtException", endWhereItIsGone).prependListener("uncaughtException", endWhereItIsGone);
  process.off("unhandledRejection", endWhereItIsGone).prependListener("unhandledRejection", endWhereItIsGone);
}

/** The SDK gives the gRPC errors UNAVAILABLE and CANCELLED of its engine this message. */
function endWhereItIsGone(error: unknown): void {
  if (error instanceof Error && error.message === "Resource monitor is terminating") process.exit(silently);
}
