/**
 * Makes the pictures of the sandbox's page that the documentation shows, from a sandbox that is up and on which it
 * runs the demo: `npm run pictures -- [FOLDER]`.
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
  try {
    const demo = sandbox(["run", demoFile]);
    const overview = await open(browser, address, { colorScheme: "light", height: 820 });
    await overview.getByRole("region", { name: "Fargate tasks" }).getByText("artifact-found").waitFor();
    await overview.screenshot({ path: path.join(folder, "sandbox-overview.png") });

    const job = await open(browser, address, { colorScheme: "dark", height: 600 });
    await job.getByRole("link", { name: "cache-filled" }).first().click();
    for (const text of ["Job succeeded", "ecs:StopTask", /^STOPPED since/]) await job.getByText(text).first().waitFor();
    await job.screenshot({ path: path.join(folder, "sandbox-job.png"), fullPage: true });
    const { exitCode, all } = await demo;
    if (exitCode !== 0) throw new Error(`the demo did not pass:\n${all}`);
  } finally {
    await browser.close();
  }
}

interface Look {
  colorScheme: "light" | "dark";
  /** Of the window. */
  height: number;
}

async function open(browser: Browser, address: string, { colorScheme, height }: Look): Promise<Page> {
  const viewport = { width: 1280, height };
  const page = await browser.newPage({ viewport, colorScheme, locale: "en-GB", timezoneId: "UTC" });
  page.setDefaultTimeout(patience);
  await page.goto(address);
  return page;
}

main(process.argv[2] ?? path.join(projectDir, "docs", "pictures")).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
