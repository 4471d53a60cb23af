/** A job's log as the runner sends it: bytes that are appended at known offsets. */
import { StringDecoder } from "node:string_decoder";
import { crc32 } from "node:zlib";

/** In bytes (GitLab's limit is 100 MB). */
export const maxTraceSize = 100 * 1024 * 1024;

export class Trace {
  private chunks: Buffer[] = [];
  private decoder = new StringDecoder("utf8");
  private crc = 0;
  /** In bytes. */
  size = 0;
  onText: (text: string) => void = () => undefined;

  /** Appends what begins at `offset`, if that is where the log ends. Returns the log's size. */
  append(data: Buffer, offset: number): number {
    if (offset === this.size && data.length > 0) {
      this.chunks.push(data);
      this.size += data.length;
      this.crc = crc32(data, this.crc);
      this.emit(this.decoder.write(data));
    }
    return this.size;
  }

  /** In the runner's notation. */
  get checksum(): string {
    return `crc32:${this.crc.toString(16).padStart(8, "0")}`;
  }

  end(): void {
    this.emit(this.decoder.end());
  }

  /** At most `max` bytes of what begins at `offset`. */
  read(offset: number, max: number): Buffer {
    const found: Buffer[] = [];
    let start = 0;
    for (const chunk of this.chunks) {
      const end = start + chunk.length;
      if (end > offset && start < offset + max) {
        found.push(chunk.subarray(Math.max(offset - start, 0), offset + max - start));
      }
      start = end;
    }
    return Buffer.concat(found);
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }

  private emit(text: string): void {
    if (text) this.onText(text);
  }
}
