/** The sandbox's page in a browser: what it shows of a pipeline while that runs. */
import { expect } from "chai";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { closeServer, listen } from "../../sandbox/aws/server";
import { gitlabTokens, network } from "../../sandbox/config";
import { listenForPage } from "../../sandbox/page/listener";
import { startPage } from "../../sandbox/page/server";
import { pipelineOf, recordsAndSources, task } from "../sandbox/page/sources";
import { openBrowser } from "../support/browser";
import { runCi } from "../support/pipelines";
import { status, useSandbox } from "../support/sandbox";
import { stackSecrets } from "../support/stack";

/** How long something may take that is awaited, in ms: the machine may be busy with other things. */
const patience = 300_000;

/** A server that a job asks, and that answers when the test says so. */
async function startGate(): Promise<{ url: string; open(): void; close(): Promise<void> }> {
  const opened = new AbortController();
  const server = http.createServer((_request, response) => {
    if (opened.signal.aborted) response.end();
    else opened.signal.addEventListener("abort", () => response.end());
  });
  await listen(server, network.gateway, 0);
  const { port } = server.address() as AddressInfo;
  return { url: `http://${network.gateway}:${port}/`, open: () => opened.abort(), close: () => closeServer(server) };
}

describe("the sandbox's page", () => {
  useSandbox();

  let browser: Browser;
  let page: Page;
  /** The page's own. */
  let address: string;
  /** What a browser's user would find in the console, and what was asked of others than the page's own server. */
  let complaints: string[];
  before("open a browser", async () => (browser = await openBrowser()));
  after(() => browser?.close());
  beforeEach(async () => {
    complaints = [];
    address = (await status()).page;
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(patience);
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(address)) complaints.push(request.url());
    });
  });
  afterEach(() => page.close());

  const section = (name: string) => page.getByRole("region", { name, exact: true });
  const sees = (name: string, text: string | RegExp) => section(name).getByText(text).first().waitFor();
  const widerThanTheWindow = () => page.evaluate("document.documentElement.scrollWidth > window.innerWidth");

  it("shows hosts, runners and a job with its log, its task and its AWS calls, each as it comes", async () => {
    await page.goto(address);
    await sees("Hosts", "running");
    await sees("Runners", "seen");

    const gate = await startGate();
    const script = ['echo "<b>before-""the-gate</b>"', `curl -sS ${gate.url}`, 'echo after-""the-gate'];
    const pipeline = runCi(JSON.stringify({ watched: { script } }));
    try {
      await page.getByRole("link", { name: "watched" }).first().click();
      await page.getByRole("heading", { name: "watched running" }).waitFor();
      // The job waits at the gate: this has come while it runs.
      await sees("Log of the job", "<b>before-the-gate</b>");
      await sees("Fargate task", "RUNNING");
      await sees("Fargate task", /^172\.31\./);
      await sees("AWS calls", "ecs:RunTask");
      gate.open();
      await sees("Log of the job", "after-the-gate");
      await page.getByRole("heading", { name: "watched success" }).waitFor();
      await sees("Fargate task", /^STOPPED since/);
      await sees("AWS calls", "ecs:StopTask");
    } finally {
      gate.open();
      await pipeline;
      await gate.close();
    }

    await page.setViewportSize({ width: 400, height: 800 });
    expect(await widerThanTheWindow()).to.equal(false);
    // By keyboard: the first thing that the Tab key reaches leads back.
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await sees("Fargate tasks", "STOPPED");
    await section("Fargate tasks").getByRole("link", { name: "watched" }).first().waitFor();
    expect(await widerThanTheWindow()).to.equal(false);
    expect(complaints).to.deep.equal([]);
  });

  it("holds no token that the sandbox knows", async () => {
    const shown = await (await fetch(`${address}snapshot`)).text();
    expect(JSON.parse(shown)).to.have.nested.property("runners[0].description");
    const secrets = [...Object.values(await stackSecrets()), ...Object.values(gitlabTokens).map(({ token }) => token)];
    expect(secrets.filter((secret) => shown.includes(secret))).to.deep.equal([]);
  });

  it("shows a log's colours and its end, and takes nothing in it for markup", async () => {
    const lines = Array.from({ length: 6000 }, (_, index) => `line ${index}`);
    const last = "2026-11-28T10:00:00.000000Z 01O \x1b[32;1m<img src=x onerror=alert(1)>\x1b[0;m";
    const { sources } = recordsAndSources({
      pipelines: [pipelineOf("talkative")],
      logs: { 1: Buffer.from([...lines, last, ""].join("\n")) },
    });
    const sandbox = await startPage(await listenForPage(0), sources);
    try {
      address = sandbox.url;
      await page.goto(`${address}#job-1`);
      await page.getByRole("heading", { name: "talkative running" }).waitFor();
      await sees("Log of the job", "line 5999");
      const shown = section("Log of the job");
      expect(await shown.locator(".green.bold").textContent()).to.equal("<img src=x onerror=alert(1)>");
      expect(await shown.getByText("line 0", { exact: true }).count()).to.equal(0);
      expect(await shown.locator("> div").count()).to.equal(5000);
      expect(complaints).to.deep.equal([]);
    } finally {
      await sandbox.close();
    }
  });

  it("says that the sandbox is gone, and shows it as it was", async () => {
    const { sources } = recordsAndSources({ tasks: [task("0123456789abcdef")] });
    const sandbox = await startPage(await listenForPage(0), sources);
    await page.goto(sandbox.url);
    await sees("Fargate tasks", "RUNNING");
    expect(await page.getByRole("status").textContent()).to.equal("live");
    await sandbox.close();
    await page.getByRole("status").getByText("The sandbox is gone.").waitFor();
    await sees("Fargate tasks", "RUNNING");
  });
});
