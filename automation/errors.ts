/** An error whose message is all that the caller needs: it is shown without a stack. */
export class UserError extends Error {}
