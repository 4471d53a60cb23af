/**
 * Makes the pictures of the sandbox's page that the documentation shows, from a sandbox that is up and on which it runs the
 * demo: `npm run pictures -- [FOLDER]`.
 */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import type { Browser, Page } from "playwright-core";
import { projectDir } from "../sandbox/config";
import { demoFile } from "../sandbox/demo-run";
import { requireStatus } from "../sandbox/presence";
import { openBrowser } from "./support/browser";
import { sandbox } from "./support/sandbox";

/** How long the demo may take, in ms. */
const patience = 600_000;

async function main(folder: string): Promise<void> {
  const { page: address } = await requireStatus();
  mkdirSync(folder, { recursive: true });
  const browser = await openBrowser();
  const save = (page: Page, name: string) => page.screenshot({ path: path.join(folder, name) });
  try {
    const demo = sandbox(["run", demoFile]);
    const overview = await open(browser, address, "light");
    await overview
      .getByRole("row", { name: /running/ })
      .first()
      .waitFor();
    await overview
      .getByRole("row", { name: /STOPPED/ })
      .nth(2)
      .waitFor();
    await save(overview, "sandbox-overview.png");

    const job = await open(browser, address, "dark");
    await job.getByRole("link", { name: "cache-filled" }).first().click();
    for (const text of ["Job succeeded", "ecs:StopTask", /^STOPPED since/]) await job.getByText(text).first().waitFor();
    await save(job, "sandbox-job.png");
    const { exitCode, all } = await demo;
    if (exitCode !== 0) throw new Error(`the demo did not pass:\n${all}`);
  } finally {
    await browser.close();
  }
}

async function open(browser: Browser, address: string, colorScheme: "light" | "dark"): Promise<Page> {
  const viewport = { width: 1280, height: 1000 };
  const page = await browser.newPage({ viewport, colorScheme, locale: "en-GB", timezoneId: "UTC" });
  page.setDefaultTimeout(patience);
  await page.goto(address);
  return page;
}

main(process.argv[2] ?? path.join(projectDir, "docs", "pictures")).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
