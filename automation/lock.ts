/** Who holds a stack's lock, from the CLI's message. */

export interface LockHolder {
  /** One line: "by ci@runner-1 (pid 42) at …", as far as the backend tells. */
  text: string;
}

/**
 * Reads both kinds of backend: buckets and folders list their locks (`created by user@host (pid N) at TIME`), the
 * service says that an update is in progress.
 * Source: github.com/pulumi/pulumi, pkg/backend/diy/lock.go (checkForLock) and pkg/backend/httpstate/client/client.go.
 */
export function holders(message: string): LockHolder {
  const created = [...message.matchAll(/created by (\S+) \(pid (\d+)\) at (\S+)/g)];
  if (created.length > 0) {
    return { text: created.map(([, who, pid, at]) => `by ${who} (pid ${pid}) since ${at}`).join(", ") };
  }
  return { text: "another update of it is in progress" };
}
