/** What a command writes, here or on a host. */

export interface Output {
  stdout: string;
  stderr: string;
}

export function lineWriter(onLine: (line: string) => void) {
  let rest = "";
  return {
    write(text: string) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
    },
    end() {
      if (rest) onLine(rest);
    },
  };
}

export function trimNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
