/** The part of SFTP that a copy to a host needs, on the local file system. */
import * as fs from "node:fs";
import { utils, type SFTPWrapper } from "ssh2";

const { STATUS_CODE, OPEN_MODE, flagsToString } = utils.sftp;

export function serveSftp(sftp: SFTPWrapper): void {
  const files = new Map<string, number>();
  let next = 0;
  const attempt = (id: number, work: () => void) => {
    try {
      work();
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      sftp.status(id, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, (error as Error).message);
    }
  };
  const done = (id: number) => sftp.status(id, STATUS_CODE.OK);
  const stat = (id: number, file: string) =>
    attempt(id, () => {
      const { mode, uid, gid, size, atimeMs, mtimeMs } = fs.statSync(file);
      sftp.attrs(id, { mode, uid, gid, size, atime: atimeMs / 1000, mtime: mtimeMs / 1000 });
    });
  const fileOf = (handle: Buffer) => files.get(handle.toString()) as number;

  sftp.on("STAT", stat);
  sftp.on("LSTAT", stat);
  sftp.on("REALPATH", (id, file) => sftp.name(id, [{ filename: file, longname: file, attrs: {} as never }]));
  sftp.on("MKDIR", (id, folder) =>
    attempt(id, () => {
      fs.mkdirSync(folder);
      done(id);
    }),
  );
  sftp.on("OPEN", (id, file, flags) =>
    attempt(id, () => {
      const handle = String(next++);
      files.set(handle, fs.openSync(file, flagsToString(flags & ~OPEN_MODE.EXCL) ?? "w"));
      sftp.handle(id, Buffer.from(handle));
    }),
  );
  sftp.on("WRITE", (id, handle, offset, data) =>
    attempt(id, () => {
      fs.writeSync(fileOf(handle), data, 0, data.length, offset);
      done(id);
    }),
  );
  sftp.on("FSTAT", (id, handle) => attempt(id, () => sftp.attrs(id, fs.fstatSync(fileOf(handle)) as never)));
  // Modes and times are not what a copy is judged by.
  sftp.on("FSETSTAT", (id) => done(id));
  sftp.on("SETSTAT", (id) => done(id));
  sftp.on("CLOSE", (id, handle) =>
    attempt(id, () => {
      fs.closeSync(fileOf(handle));
      done(id);
    }),
  );
}
