/** Copies files and folders to a host by SFTP, with the rules of the real provider for what lands where. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client, SFTPWrapper, Stats } from "ssh2";

export type Source = { kind: "text"; text: string } | { kind: "path"; path: string };

/** SFTP's status for a missing file. */
const NO_SUCH_FILE = 2;
const PARALLEL_FILES = 8;

/**
 * | source | destination is a folder | is missing  | is a file   |
 * | ------ | ----------------------- | ----------- | ----------- |
 * | dir    | dest/dir                | dest/dir    | error       |
 * | dir/   | dest/…                  | dest/…      | error       |
 * | file   | dest/file               | dest        | overwritten |
 *
 * A text needs a file's path. Missing parents are made. Modes are not carried over, nothing is removed.
 */
export async function copyToRemote(client: Client, source: Source, destination: string): Promise<void> {
  const remote = await openSftp(client);
  try {
    const existing = await remote.stat(destination);
    if (source.kind === "text") {
      if (existing?.isDirectory()) {
        throw new Error(
          `remote path ${destination} is a directory; when using a text asset, remotePath must be a file path`,
        );
      }
      await remote.makeFolders(path.posix.dirname(destination));
      await remote.write(Buffer.from(source.text), destination);
      return;
    }
    if ((await fs.stat(source.path)).isDirectory()) await copyFolder(remote, source.path, destination, existing);
    else if (existing?.isDirectory()) {
      await remote.put(source.path, path.posix.join(destination, path.basename(source.path)));
    } else {
      await remote.makeFolders(path.posix.dirname(destination));
      await remote.put(source.path, destination);
    }
  } finally {
    remote.end();
  }
}

async function copyFolder(remote: Remote, source: string, destination: string, existing: Stats | undefined) {
  if (existing && !existing.isDirectory()) throw new Error(`remote path ${destination} exists but is not a directory`);
  const root = source.endsWith("/") ? destination : path.posix.join(destination, path.basename(source));
  await remote.makeFolders(root);
  const entries = await fs.readdir(source, { recursive: true, withFileTypes: true });
  const relative = (entry: (typeof entries)[number]) =>
    path.relative(source, path.join(entry.parentPath, entry.name)).split(path.sep).join("/");
  // Parents sort before what they hold.
  for (const folder of entries
    .filter((entry) => entry.isDirectory())
    .map(relative)
    .sort()) {
    await remote.makeFolders(path.posix.join(root, folder));
  }
  const files = entries.filter((entry) => !entry.isDirectory()).map(relative);
  const worker = async () => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      await remote.put(path.join(source, file), path.posix.join(root, file));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_FILES }, worker));
}

type Remote = Awaited<ReturnType<typeof openSftp>>;

async function openSftp(client: Client) {
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.once("close", () => reject(new Error("the connection was lost")));
    client.sftp((error, opened) => (error ? reject(new Error("opening SFTP", { cause: error })) : resolve(opened)));
  });
  const call = <T>(what: string, start: (done: (error: Error | null | undefined, result?: T) => void) => void) =>
    new Promise<T>((resolve, reject) => {
      const lost = () => reject(new Error(`${what}: the connection was lost`));
      sftp.once("close", lost);
      start((error, result) => {
        sftp.off("close", lost);
        if (error) reject(new Error(what, { cause: error }));
        else resolve(result as T);
      });
    });
  sftp.setMaxListeners(PARALLEL_FILES + 10);

  const stat = async (file: string): Promise<Stats | undefined> => {
    try {
      return await call<Stats>(`failed to stat remote path ${file}`, (done) => sftp.stat(file, done));
    } catch (error) {
      const cause = (error as Error).cause as { code?: number } | undefined;
      if (cause?.code === NO_SUCH_FILE) return undefined;
      throw error;
    }
  };
  const makeFolders = async (folder: string): Promise<void> => {
    const existing = await stat(folder);
    if (existing?.isDirectory()) return;
    if (existing) throw new Error(`remote path ${folder} exists but is not a directory`);
    await makeFolders(path.posix.dirname(folder));
    await call<void>(`failed to create remote directory ${folder}`, (done) => sftp.mkdir(folder, done));
  };
  return {
    stat,
    makeFolders,
    put: (local: string, file: string) =>
      call<void>(`failed to copy file ${local} to remote path ${file}`, (done) => sftp.fastPut(local, file, done)),
    write: (content: Buffer, file: string) =>
      call<void>(`failed to write to remote path ${file}`, (done) => sftp.writeFile(file, content, done)),
    end: () => sftp.end(),
  };
}
