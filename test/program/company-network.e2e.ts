/** GitLab Runner itself in a company's network: GitLab's certificate is of a private authority, behind a proxy. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import type * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { parse, stringify } from "smol-toml";
import { configToml } from "../../components/gitlab/config-toml";
import { proxyVariables } from "../../components/host/http-proxy";
import { prepareArtifacts } from "../../sandbox/setup";
import { startHttpProxy, type HttpProxyServer } from "../support/http-proxy";
import { makeAuthority, type Authority } from "../support/tls";

/** No name server knows it; the proxy does. */
const gitlab = "gitlab.test:8443";

const job = {
  id: 7,
  token: "token",
  allow_git_fetch: true,
  job_info: { name: "job", stage: "test", project_id: 1, project_name: "project" },
  git_info: {
    repo_url: `https://${gitlab}/acme/project.git`,
    ref: "main",
    sha: "0".repeat(40),
    refspecs: [],
    depth: 1,
  },
  runner_info: { timeout: 600 },
  variables: [],
  steps: [{ name: "script", script: ["true"], timeout: 600, when: "on_success" }],
};

describe("GitLab Runner in a company's network", () => {
  let folder: string;
  let runner: string;
  let server: https.Server;
  let proxy: HttpProxyServer;
  let authority: Authority;
  let running: ChildProcess | undefined;
  const at = (name: string) => path.join(folder, name);

  before("an authority, GitLab and a proxy", async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "company-"));
    runner = (await prepareArtifacts({ onProgress: () => {} })).runner;
    authority = await makeAuthority(folder);
    server = https.createServer(await authority.issue("DNS:gitlab.test"));
    let given = false;
    server.on("request", async (request: http.IncomingMessage, response: http.ServerResponse) => {
      const said = await text(request);
      const asked = request.url === "/api/v4/jobs/request";
      const isNew = asked && !given;
      const status = { POST: isNew ? 201 : 204, PATCH: 202, PUT: 200 }[request.method ?? ""] ?? 404;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(isNew ? JSON.stringify(job) : undefined);
      given ||= asked;
      if (request.method !== "PUT") return;
      const { state } = JSON.parse(said) as { state: string };
      if (state !== "running") server.emit("finished", state);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");

    proxy = await startHttpProxy("127.0.0.1", { [gitlab]: (server.address() as net.AddressInfo).port });
    // It stands for the driver.
    const driver = [
      "#!/bin/sh",
      `printf %s "$CUSTOM_ENV_CI_SERVER_TLS_CA_FILE" > ${at("handed")}`,
      `cp "$1" ${folder}/script-"$2"`,
      `env > ${at("environment")}`,
    ];
    fs.writeFileSync(at("driver"), driver.join("\n"), { mode: 0o755 });
  });

  after(() => {
    proxy.close();
    server.close();
    server.closeAllConnections();
    fs.rmSync(folder, { recursive: true });
  });

  afterEach(async () => {
    if (running === undefined) return;
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
  });

  /** As a host's unit starts it. */
  function start(caFile?: string): Record<string, string> {
    const httpProxy = { url: proxy.url, noProxy: [] };
    const runners = [{ key: "group/acme", name: "acme", token: `glrt-${"x".repeat(20)}` }];
    const file = parse(configToml({ gitlabUrl: `https://${gitlab}`, concurrency: 1, runners, caFile, httpProxy }));
    (file.runners as Record<string, unknown>[])[0].custom = { run_exec: at("driver") };
    fs.writeFileSync(at("config.toml"), stringify(file), { mode: 0o600 });
    const environment = proxyVariables(httpProxy);
    running = spawn(runner, ["run", "--config", at("config.toml"), "--working-directory", folder], {
      env: { PATH: process.env.PATH, HOME: folder, ...environment },
      stdio: "ignore",
    });
    return environment;
  }

  it("asks GitLab through the proxy, and believes no authority that nobody has named", async () => {
    const refused = once(server, "tlsClientError");
    start();
    await refused;
    expect(proxy.targets).to.include(gitlab);
  });

  it("takes a job by the authority of the settings, and hands it and the proxy on", async () => {
    const finished = once(server, "finished");
    const environment = start(authority.file);
    expect(await finished).to.deep.equal(["success"]);
    expect(fs.readFileSync(at("handed"), "utf8")).to.equal(authority.pem);
    // Of git: the job's script sets it for GitLab only.
    expect(fs.readFileSync(at("script-get_sources"), "utf8")).to.match(/sslCAInfo\W+CI_SERVER_TLS_CA_FILE/);
    const driversOwn = fs.readFileSync(at("environment"), "utf8").split("\n");
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    expect(driversOwn).to.include.members([...lines, ...lines.map((line) => `CUSTOM_ENV_${line}`)]);
  });
});
