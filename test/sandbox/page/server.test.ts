import { createHash } from "node:crypto";
import * as http from "node:http";
import { expect } from "chai";
import { listenForPage, pagePort } from "../../../sandbox/page/listener";
import { startPage, type Page } from "../../../sandbox/page/server";
import type { Snapshot } from "../../../sandbox/page/snapshot";
import { startFixture } from "../gitlab/support";
import { recordsAndSources, startedBy, task } from "./sources";

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** fetch() sets the Host header itself. */
function ask(url: string, options: http.RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent: false, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    request.on("error", reject).end();
  });
}

describe("the sandbox's page", () => {
  let page: Page;
  const { records, sources } = recordsAndSources();
  before(async () => (page = await startPage(await listenForPage(), sources)));
  after(() => page.close());

  it("listens on loopback alone, at an address that nobody guesses", () => {
    expect(page.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
  });

  it("lets no script and no style in but its own files and its import map", async () => {
    const { status, headers, body } = await ask(page.url);
    expect(status).to.equal(200);
    const policy = headers["content-security-policy"] as string;
    expect(policy)
      .to.contain("default-src 'none'")
      .and.not.match(/unsafe|\*|https?:/);
    const inline = [...body.matchAll(/<script(?![^>]* src=)[^>]*>([^<]*)<\/script>/g)].map(([, text]) => text);
    expect(inline).to.have.length(1);
    expect(policy).to.contain(`'sha256-${createHash("sha256").update(inline[0]).digest("base64")}'`);
    expect(body).not.to.match(/<style| style=| on\w+=/);
  });

  it("has each file that its import map names", async () => {
    const { body } = await ask(page.url);
    const [, map] = /<script type="importmap">([^<]*)</.exec(body)!;
    for (const file of Object.values((JSON.parse(map) as { imports: Record<string, string> }).imports)) {
      if (!file.endsWith("/")) expect((await ask(new URL(file, page.url).href)).status, file).to.equal(200);
    }
  });

  it("answers nobody who came by another name, without the key, or to change something", async () => {
    const { host } = new URL(page.url);
    expect((await ask(page.url, { headers: { host: "sandbox.example.com" } })).status).to.equal(403);
    expect((await ask(page.url, { headers: { host: host.replace("127.0.0.1", "localhost") } })).status).to.equal(200);
    for (const path of ["/", "/snapshot", "/events", `/${"x".repeat(22)}/snapshot`]) {
      expect((await ask(`http://${host}${path}`)).status, path).to.equal(404);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
      expect((await ask(`${page.url}snapshot`, { method })).status, method).to.equal(405);
    }
  });

  it("lets no other origin read", async () => {
    const { headers } = await ask(`${page.url}snapshot`, { headers: { origin: "http://example.com" } });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).to.deep.equal([]);
    expect(headers["cross-origin-resource-policy"]).to.equal("same-origin");
  });

  it("tells a task's job, and which calls are no job's", async () => {
    records.tasks = [task("a", { startedBy: startedBy(12) }), task("b", { startedBy: "somebody" })];
    records.calls = [
      { id: 1, at: 1, action: "ecs:RunTask", status: 200, startedBy: startedBy(12) },
      { id: 2, at: 2, action: "iam:PutRolePolicy", status: 200 },
    ];
    const { tasks, calls } = JSON.parse((await ask(`${page.url}snapshot`)).body) as Snapshot;
    expect(tasks.map(({ job }) => job)).to.deep.equal([undefined, 12]);
    expect(calls.map(({ action }) => action)).to.deep.equal(["iam:PutRolePolicy"]);
  });

  it("shows no token of GitLab's", async () => {
    const fixture = await startFixture();
    const { gitlab } = fixture;
    const other = await startPage(await listenForPage(), { ...sources, gitlab });
    try {
      const runner = await fixture.createRunner({ run_untagged: true, description: "shown" });
      await fixture.pipeline("job: {script: [env]}\n", { variables: { SECRET: "of-a-variable" } });
      const job = await runner.take();
      await runner.trace(job, "a log\n", 0);
      const { body } = await ask(`${other.url}snapshot`);
      const { runners, pipelines } = JSON.parse(body) as Snapshot;
      expect(runners.map(({ description }) => description)).to.deep.equal(["shown"]);
      expect(pipelines[0].jobs.map(({ status }) => status)).to.deep.equal(["running"]);
      for (const secret of [runner.token, job.token as string, "glpat-test", "of-a-variable"]) {
        expect(body).not.to.contain(secret);
      }
    } finally {
      await other.close();
      await fixture.close();
    }
  });

  it("ends with all connections that it holds", async () => {
    const other = await startPage(await listenForPage(), sources);
    const watching = await fetch(`${other.url}events`);
    await other.close();
    await watching.text().catch(() => {});
    expect(await ask(other.url).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ECONNREFUSED");
  });

  it("cannot have a port that is none, or is another's", async () => {
    for (const wanted of ["http", "65536", "-1", ""]) {
      expect(() => pagePort(wanted), wanted).to.throw(`SANDBOX_PAGE_PORT: ${wanted} is no port`);
    }
    const failure = await listenForPage(Number(new URL(page.url).port)).catch(String);
    expect(failure).to.match(/SANDBOX_PAGE_PORT: .*address already in use/);
  });
});
