/** GitLab Runner itself in a company's network: GitLab's certificate is of a private authority, behind a proxy. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { execa } from "execa";
import { parse, stringify } from "smol-toml";
import { configToml } from "../../components/gitlab/config-toml";
import { proxyVariables } from "../../components/host/http-proxy";
import { prepareArtifacts } from "../../sandbox/setup";

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
  let proxy: http.Server;
  let running: ChildProcess | undefined;
  const connected: string[] = [];
  const at = (name: string) => path.join(folder, name);

  before("an authority, GitLab and a proxy", async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "company-"));
    runner = (await prepareArtifacts({ onProgress: () => {} })).runner;
    const openssl = (...args: string[]) => execa("openssl", args, { cwd: folder });
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const [ca, own] = [
      ["-x509", "-keyout", "ca.key", "-out", "ca.pem"],
      ["-keyout", "own.key", "-out", "own.csr"],
    ];
    await openssl("req", ...newKey, ...ca, "-subj", "/CN=Root", "-addext", "basicConstraints=critical,CA:TRUE");
    await openssl("req", ...newKey, ...own, "-subj", "/CN=gitlab.test");
    fs.writeFileSync(at("names"), "subjectAltName=DNS:gitlab.test\n");
    const issued = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    await openssl("x509", "-req", "-in", "own.csr", ...issued, "-out", "own.pem");

    server = https.createServer({ key: fs.readFileSync(at("own.key")), cert: fs.readFileSync(at("own.pem")) });
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

    proxy = http.createServer();
    proxy.on("connect", ({ url }: http.IncomingMessage, socket: net.Socket) => {
      connected.push(url ?? "");
      const target = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
      for (const [one, other] of [
        [socket, target],
        [target, socket],
      ]) {
        one.on("error", () => other.destroy());
        one.pipe(other);
      }
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
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
    for (const one of [server, proxy]) {
      one.close();
      one.closeAllConnections();
    }
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
    const httpProxy = { url: `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`, noProxy: [] };
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
    expect(connected).to.include(gitlab);
  });

  it("takes a job by the authority of the settings, and hands it and the proxy on", async () => {
    const finished = once(server, "finished");
    const environment = start(at("ca.pem"));
    expect(await finished).to.deep.equal(["success"]);
    expect(fs.readFileSync(at("handed"), "utf8")).to.equal(fs.readFileSync(at("ca.pem"), "utf8"));
    // Of git: the job's script sets it for GitLab only.
    expect(fs.readFileSync(at("script-get_sources"), "utf8")).to.match(/sslCAInfo\W+CI_SERVER_TLS_CA_FILE/);
    const driversOwn = fs.readFileSync(at("environment"), "utf8").split("\n");
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    expect(driversOwn).to.include.members([...lines, ...lines.map((line) => `CUSTOM_ENV_${line}`)]);
  });
});
