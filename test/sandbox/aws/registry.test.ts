/** The registry in ECR's place: passwords, repositories, tags. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { startRegistryFront } from "../../../sandbox/aws/ecr/front";
import { RegistryPasswords } from "../../../sandbox/aws/ecr/passwords";
import { assumedRole } from "../../../sandbox/aws/iam/principal";
import { closeServer, listen } from "../../../sandbox/aws/server";

describe("ECR's registry", () => {
  const host = "127.0.0.1";
  let now: number;
  let passwords: RegistryPasswords;
  /** Method and path of what came through to the store, and what it has. */
  let passed: string[];
  let held: string[];
  let missing: string[];
  let store: http.Server;
  let front: { close(): Promise<void> };
  let address: string;

  const freePort = async () => {
    const server = http.createServer();
    await listen(server, host, 0);
    const { port } = server.address() as AddressInfo;
    await closeServer(server);
    return port;
  };
  beforeEach(async () => {
    now = Date.parse("2026-11-27T12:00:00Z");
    passwords = new RegistryPasswords(() => now);
    [passed, held, missing] = [[], [], []];
    store = http.createServer((request, response) => {
      if (request.method !== "HEAD") passed.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      const absent = request.method === "HEAD" ? !held.includes(request.url!) : missing.includes(request.url!);
      response.writeHead(absent ? 404 : 200).end();
    });
    await listen(store, host, 0);
    const repositories = new Map([
      ["jobs", "MUTABLE" as const],
      ["fixed", "IMMUTABLE" as const],
    ]);
    const port = await freePort();
    address = `http://${host}:${port}`;
    front = await startRegistryFront(
      {
        passwords,
        mutability: async (name) => repositories.get(name),
        store: { host, port: (store.address() as AddressInfo).port },
        authorizer: {
          denial: async ({ roleName }, { action, resource }) =>
            (roleName === "reader" && /(:BatchGetImage|:GetDownloadUrlForLayer)$/.test(action)) ||
            (roleName === "lister" && action === "ecr:ListImages")
              ? undefined
              : `${roleName} may not ${action} ${resource}`,
        },
        log: () => {},
      },
      { host, port },
    );
  });
  afterEach(async () => {
    await front.close();
    await closeServer(store);
  });

  const logIn = (role?: string) => {
    const owner = role === undefined ? undefined : assumedRole(`arn:aws:iam::123456789012:role/${role}`, "i-1");
    const { authorizationData } = passwords.issue(owner) as { authorizationData: { authorizationToken: string }[] };
    return `Basic ${authorizationData[0].authorizationToken}`;
  };
  const ask = async (method: string, path: string, authorization?: string) => {
    const answer = await fetch(`${address}${path}`, { method, headers: authorization ? { authorization } : {} });
    const text = await answer.text();
    return { status: answer.status, code: text && (JSON.parse(text) as { errors: [{ code: string }] }).errors[0].code };
  };

  it("asks for a password, and takes one for twelve hours", async () => {
    expect(await ask("GET", "/v2/")).to.deep.equal({ status: 401, code: "UNAUTHORIZED" });
    const password = logIn();
    now += 12 * 3600 * 1000 - 1;
    expect(await ask("GET", "/v2/", password)).to.deep.equal({ status: 200, code: "" });
    now += 1;
    expect(await ask("GET", "/v2/", password)).to.deep.equal({ status: 403, code: "DENIED" });
    expect((await ask("DELETE", "/v2/jobs/manifests/sha256:1", password)).status).to.equal(403);
    // The store never gets it.
    expect(passed).to.deep.equal(["GET /v2/ undefined"]);
  });

  it("takes no password of another sandbox, nor one whose time was brought forward", async () => {
    const other = `Basic ${Buffer.from("AWS:other").toString("base64")}`;
    expect((await ask("GET", "/v2/", other)).status).to.equal(403);
    const password = logIn();
    passwords.expire();
    expect((await ask("GET", "/v2/", password)).status).to.equal(403);
    expect((await ask("GET", "/v2/", logIn())).status).to.equal(200);
  });

  it("lets a role read by its rights, before it says what there is", async () => {
    const [reader, stranger] = [logIn("reader"), logIn("stranger")];
    for (const path of ["manifests/a", "blobs/sha256:1"]) {
      expect((await ask("GET", `/v2/jobs/${path}`, reader)).status, path).to.equal(200);
      expect(await ask("GET", `/v2/jobs/${path}`, stranger), path).to.deep.equal({ status: 403, code: "DENIED" });
    }
    expect((await ask("HEAD", "/v2/jobs/blobs/sha256:1", reader)).status).to.equal(403);
    expect(await ask("PUT", "/v2/jobs/manifests/a", reader)).to.deep.equal({ status: 403, code: "DENIED" });
    expect(await ask("GET", "/v2/none/manifests/a", stranger)).to.deep.equal({ status: 403, code: "DENIED" });
    expect(await ask("GET", "/v2/none/manifests/a", reader)).to.deep.equal({ status: 404, code: "NAME_UNKNOWN" });
    // Nobody else's password has a role.
    expect((await ask("GET", "/v2/jobs/manifests/a", logIn())).status).to.equal(200);
  });

  it("lists tags by a right of its own, and passes nothing on that it does not know", async () => {
    expect(await ask("GET", "/v2/jobs/tags/list", logIn("reader"))).to.deep.equal({ status: 403, code: "DENIED" });
    expect((await ask("GET", "/v2/jobs/tags/list?n=1", logIn("lister"))).status).to.equal(200);
    expect(await ask("GET", "/v2/none/tags/list", logIn())).to.deep.equal({ status: 404, code: "NAME_UNKNOWN" });
    passed = [];
    const unknown = ["_catalog", "jobs/referrers/sha256:1", "jobs/tags/lists", "jobs", "?a=/x/manifests/b", "../v1/"];
    for (const path of unknown) expect((await ask("GET", `/v2/${path}`, logIn())).status, path).to.equal(404);
    expect(passed).to.deep.equal([]);
  });

  it("knows only the repositories that ECR has", async () => {
    expect(await ask("PUT", "/v2/none/manifests/a", logIn())).to.deep.equal({ status: 404, code: "NAME_UNKNOWN" });
    expect((await ask("POST", "/v2/none/blobs/uploads/", logIn())).status).to.equal(404);
    expect((await ask("POST", "/v2/jobs/blobs/uploads/", logIn())).status).to.equal(200);
  });

  it("says in ECR's words that there is no such image", async () => {
    held.push("/v2/jobs/manifests/a");
    expect((await ask("HEAD", "/v2/jobs/manifests/a", logIn())).status).to.equal(200);
    expect(await ask("HEAD", "/v2/jobs/manifests/b", logIn())).to.deep.equal({ status: 404, code: "" });
    missing.push("/v2/jobs/manifests/b");
    expect(await ask("GET", "/v2/jobs/manifests/b", logIn())).to.deep.equal({ status: 404, code: "MANIFEST_UNKNOWN" });
  });

  it("moves a tag only where the repository lets it", async () => {
    held.push("/v2/fixed/manifests/a", "/v2/jobs/manifests/a", "/v2/fixed/manifests/sha256:1");
    expect(await ask("PUT", "/v2/fixed/manifests/a", logIn())).to.deep.equal({ status: 400, code: "TAG_INVALID" });
    for (const path of ["fixed/manifests/b", "fixed/manifests/sha256:1", "jobs/manifests/a"]) {
      expect((await ask("PUT", `/v2/${path}`, logIn())).status, path).to.equal(200);
    }
  });
});
