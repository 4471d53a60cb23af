/** A real browser, as the packages bring it: Chromium without a window. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { inflate } from "@sparticuz/chromium";
import { chromium, type Browser } from "playwright-core";
import { scratch } from "./scratch";

/** Its `close` removes the program too, which is unpacked anew each time. */
export async function openBrowser(): Promise<Browser> {
  const folder = scratch();
  const [executablePath, libraries, fonts] = await unpack(folder.dir);
  // The package's own settings name other folders. Without any font, all text is invisible.
  const settings = path.join(folder.dir, "fonts.conf");
  writeFileSync(
    settings,
    `<fontconfig><dir>${fonts}</dir><cachedir>${path.join(folder.dir, "fonts-cache")}</cachedir></fontconfig>\n`,
  );
  const browser = await chromium.launch({
    executablePath,
    // The program comes for a system with few libraries and no fonts, and these beside it.
    env: { ...process.env, LD_LIBRARY_PATH: path.join(libraries, "lib"), FONTCONFIG_FILE: settings },
    // Chromium refuses to make a sandbox of its own for root.
    args: ["--no-sandbox"],
  });
  browser.on("disconnected", () => folder.remove());
  return browser;
}

/** The package unpacks into the folder for temporary files and takes what is there already for whole. */
async function unpack(dir: string): Promise<string[]> {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = dir;
  try {
    const packed = path.join(path.dirname(require.resolve("@sparticuz/chromium")), "..", "bin");
    return await Promise.all(
      ["chromium.br", "al2023.tar.br", "fonts.tar.br"].map((file) => inflate(path.join(packed, file))),
    );
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
