/** Unpacks Debian's packages, without Debian's programs: an ar archive with a tar archive in it. Format: deb(5). */
import { execa } from "execa";
import { XzReadableStream } from "xz-decompress";

/** What nobody reads there. */
const left = ["doc", "info", "lintian", "locale", "man"].map((folder) => `--exclude=./usr/share/${folder}`);

/** Unpacks a package's files into a folder. */
export async function unpack(deb: Buffer, folder: string): Promise<void> {
  const [name, data] = memberWith(deb, "data.tar");
  if (name !== "data.tar.xz") throw new Error(`${name} is packed otherwise than all of Debian's are`);
  const files = await new Response(new XzReadableStream(new Blob([new Uint8Array(data)]).stream())).arrayBuffer();
  await execa("tar", ["-x", "-p", "-f", "-", "-C", folder, ...left], { input: Buffer.from(files) });
}

/** The member of an ar archive whose name starts so, and its content. */
export function memberWith(archive: Buffer, start: string): [string, Buffer] {
  const headerSize = 60;
  for (let at = "!<arch>\n".length; at + headerSize <= archive.length;) {
    const header = archive.toString("latin1", at, at + headerSize);
    const name = header.slice(0, 16).trim().replace(/\/$/, "");
    const size = Number(header.slice(48, 58));
    const content = at + headerSize;
    if (name.startsWith(start)) return [name, archive.subarray(content, content + size)];
    // Each starts at an even place.
    at = content + size + (size % 2);
  }
  throw new Error(`no ${start} in the package`);
}
