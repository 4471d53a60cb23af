/** Copies a folder's content to a host by SFTP. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client, SFTPWrapper, Stats } from "ssh2";

/** SFTP's status for a missing file. */
const NO_SUCH_FILE = 2;
const PARALLEL_FILES = 8;

/** Copies what the folder holds. Missing parents are made. Modes are not carried over, nothing is removed. */
export async function copyToRemote(client: Client, folder: string, destination: string): Promise<void> {
  const remote = await openSftp(client);
  try {
    await copyFolder(remote, folder, destination);
  } finally {
    remote.end();
  }
}

async function copyFolder(remote: Remote, source: string, root: string) {
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
    end: () => sftp.end(),
  };
}
