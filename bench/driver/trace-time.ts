/** Times in a job's log: gitlab-runner puts the moment at which a line came before it. */

/** "2026-11-25T03:00:00.123456Z 00O text": time, stream and kind; a "+" goes on with the line before. */
const timestamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) [0-9a-f]{2}[OE][+ ]?(.*)$/;

/**
 * When the first line came that is `text` alone, in ms since the epoch.
 * @throws Error where there is none
 */
export function lineAt(trace: string, text: string): number {
  for (const line of trace.split("\n")) {
    const [, time, content] = timestamped.exec(line.replace(/\r$/, "")) ?? [];
    // Colours and section markers may surround a line.
    if (content !== undefined && content.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "") === text) return Date.parse(time);
  }
  throw new Error(`the job's log has no line '${text}' with a time:\n${trace}`);
}
