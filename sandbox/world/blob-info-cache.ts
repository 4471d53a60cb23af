/** Which registry has which layer: buildah and skopeo remember it outside of their storage. */
import { existsSync, rmdirSync, rmSync } from "node:fs";
import * as path from "node:path";

/** Where root's have it, whatever their settings are (seen with buildah 1.28). */
const ofRoot = "/var/lib/containers/cache/blob-info-cache-v1.boltdb";

/**
 * The machine's own podman or buildah may have such a file, which then stays. One that was not there is the sandbox's;
 * it stays where the sandbox is killed, or another one, which has seen it, writes it again.
 * @returns takes away what has come since the call, with its folders where they are empty
 */
export function blobInfoCacheRemover(file = ofRoot): () => void {
  if (existsSync(file)) return () => {};
  const folders = [path.dirname(file), path.dirname(path.dirname(file))].filter((folder) => !existsSync(folder));
  return () => {
    rmSync(file, { force: true });
    for (const folder of folders) {
      try {
        rmdirSync(folder);
      } catch {
        return; // Another program has put something there, or nothing was made.
      }
    }
  };
}
