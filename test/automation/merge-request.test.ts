/** The note in the merge request, against the sandbox's GitLab, and against one that fails. */
import { expect } from "chai";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { mergeRequestContext } from "../../automation/ci";
import { GitLabApi } from "../../automation/gitlab-api";
import { outdateNote, writeNote, type NoteOrigin } from "../../automation/merge-request";
import { openMergeRequest } from "../../sandbox/gitlab/merge-requests";
import { createServer } from "../../sandbox/gitlab/server";
import { createState, type State } from "../../sandbox/gitlab/state";
import { defaultPatience } from "../../sandbox/gitlab/runner/watchdog";
import { startHttpProxy, type HttpProxyServer } from "../support/http-proxy";
import { scratch } from "../support/scratch";
import { makeAuthority, type Authority } from "../support/tls";

const origin = (pipeline: number, more: Partial<NoteOrigin> = {}): NoteOrigin => ({
  ...{ iid: "1", stack: "dev", pipeline, commit: "0123456789abcdef", jobUrl: "https://gitlab.example.com/-/jobs/7" },
  ...more,
});

describe("the note in a merge request", () => {
  let state: State;
  let server: Awaited<ReturnType<typeof createServer>>;
  let api: GitLabApi;

  beforeEach(async () => {
    state = createState({ stateDir: "/nonexistent", log: () => {}, patience: defaultPatience });
    server = await createServer(state, [{ token: "admin-token", scopes: ["api"] }]);
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    openMergeRequest(state, state.projects[0], { branch: "topic", description: "Acknowledged: host-replaced" });
    api = new GitLabApi({ url: `${url}/api/v4`, token: "admin-token", project: "acme/demo", firstWait: 1 });
  });

  afterEach(async () => {
    await api.close();
    await server.close();
  });

  const bodies = () => state.mergeRequests[0].notes.map(({ body }) => body);

  it("is one per stack, updated in place, with the newest report", async () => {
    expect(await writeNote(api, origin(1), "first")).to.equal("created");
    expect(await writeNote(api, origin(1, { stack: "prod" }), "of prod")).to.equal("created");
    expect(await writeNote(api, origin(2), "second")).to.equal("updated");
    expect(await writeNote(api, origin(2), "second")).to.equal("unchanged");
    expect(bodies()).to.have.length(2);
    expect(bodies()[0]).to.contain("second").and.contain("Commit 01234567").and.not.contain("first");
    expect(bodies()[1]).to.contain("of prod");
    // The mark stays out of sight.
    expect(bodies()[0].split("\n")[0]).to.match(/^<!-- .* -->$/);
  });

  it("is not put back by an older pipeline that ends later", async () => {
    await writeNote(api, origin(5), "new");
    expect(await writeNote(api, origin(4), "old")).to.equal("superseded");
    expect(await outdateNote(api, origin(4))).to.equal("superseded");
    expect(bodies()[0]).to.contain("new");
  });

  it("says that it is outdated when the stack is not changed any more, and is not made for that", async () => {
    expect(await outdateNote(api, origin(1))).to.equal("none");
    expect(bodies()).to.deep.equal([]);
    await writeNote(api, origin(1), "adds a runner");
    expect(await outdateNote(api, origin(2))).to.equal("updated");
    expect(bodies()[0]).to.contain("no longer changes the stack").and.not.contain("adds a runner");
    expect(await writeNote(api, origin(3), "adds it again")).to.equal("updated");
    expect(bodies()).to.have.length(1);
  });

  it("leaves the notes of people alone, and one of two of its own", async () => {
    await api.createNote("1", "a remark");
    await writeNote(api, origin(1), "report");
    await api.createNote("1", bodies()[1]);
    expect(await writeNote(api, origin(2), "newer")).to.equal("updated");
    expect(bodies()).to.have.length(2);
    expect(bodies()[0]).to.equal("a remark");
    expect(bodies()[1]).to.contain("newer");
  });

  it("is found behind many others", async () => {
    await writeNote(api, origin(1), "report");
    for (let count = 0; count < 120; count++) await api.createNote("1", `remark ${count}`);
    await api.createNote("1", bodies()[0]);
    expect(await writeNote(api, origin(2), "newer")).to.equal("updated");
    expect(bodies().filter((body) => body.startsWith("<!--"))).to.have.length(1);
  });

  it("reads the merge request's description as it is now", async () => {
    expect((await api.mergeRequest("1")).description).to.equal("Acknowledged: host-replaced");
  });

  it("says what is wrong with the token", async () => {
    const { port } = server.server.address() as AddressInfo;
    const other = new GitLabApi({ url: `http://127.0.0.1:${port}/api/v4`, token: "wrong", project: "1" });
    const error = await other.mergeRequest("1").catch((caught: Error) => caught);
    expect(String(error)).to.match(/401.*MERGE_REQUEST_TOKEN is not valid/);
    await other.close();
  });
});

describe("a GitLab that does not answer well", () => {
  /** Answers with these statuses, one after the other, then 200. */
  async function withAnswers(
    answers: [number, Record<string, string>?][],
    work: (api: GitLabApi, seen: string[]) => Promise<void>,
  ) {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        seen.push(`${request.method} ${body}`);
        const [status, headers] = answers.shift() ?? [200];
        response.writeHead(status, { "content-type": "application/json", ...headers }).end('{"id":1}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const api = new GitLabApi({
      url: `http://127.0.0.1:${port}/api/v4`,
      token: "t",
      project: "1",
      firstWait: 1,
      retries: 3,
    });
    try {
      await work(api, seen);
    } finally {
      await api.close();
      server.closeAllConnections();
      server.close();
    }
  }

  it("is asked again after 429, as late as it says, and after 5xx, with the same body", async () => {
    await withAnswers([[429, { "retry-after": "1" }], [503], [500]], async (api, seen) => {
      const started = Date.now();
      expect(await api.createNote("1", "text")).to.deep.equal({ id: 1 });
      expect(Date.now() - started).to.be.at.least(900);
      expect(seen).to.deep.equal(Array(4).fill('POST {"body":"text"}'));
    });
  });

  it("is given up on in the end, and told", async () => {
    await withAnswers(Array(9).fill([502]), async (api, seen) => {
      const error = await api.currentUser().catch((caught: Error) => caught);
      expect(String(error)).to.match(/GET \/user.*502/);
      expect(seen).to.have.length(4);
    });
  });

  it("is not asked again after a refusal", async () => {
    await withAnswers([[403]], async (api, seen) => {
      const error = await api.createNote("1", "text").catch((caught: Error) => caught);
      expect(String(error)).to.match(/403.*scope api/);
      expect(seen).to.have.length(1);
    });
  });
});

describe("a GitLab in a company's network", () => {
  const folder = scratch();
  let authority: Authority;
  let server: https.Server;
  let proxy: HttpProxyServer;
  before(async () => {
    authority = await makeAuthority(folder.dir);
    server = https.createServer(await authority.issue("DNS:gitlab.test,IP:127.0.0.1"), (_, response) => {
      response.end('{"id":7}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await startHttpProxy("127.0.0.1", { "gitlab.test:443": port() });
    process.env.HTTPS_PROXY = proxy.url;
    process.env.NO_PROXY = "127.0.0.1";
  });
  after(() => {
    delete process.env.HTTPS_PROXY;
    delete process.env.NO_PROXY;
    proxy.close();
    server.closeAllConnections();
    server.close();
    folder.remove();
  });
  const port = () => (server.address() as AddressInfo).port;

  async function ask(origin: string, caFile?: string): Promise<unknown> {
    const api = new GitLabApi({ url: `${origin}/api/v4`, token: "t", project: "1", retries: 0, caFile });
    try {
      return await api.currentUser().catch((error: Error) => error.message);
    } finally {
      await api.close();
    }
  }

  it("is asked through the environment's proxy, but where that is not to be asked", async () => {
    expect(await ask("https://gitlab.test", authority.file)).to.deep.equal({ id: 7 });
    expect(await ask(`https://127.0.0.1:${port()}`, authority.file)).to.deep.equal({ id: 7 });
    expect(proxy.targets).to.deep.equal(["gitlab.test:443"]);
  });

  it("is believed by the certificates that the runner hands to the job, and by none that nobody has named", async () => {
    for (const origin of ["https://gitlab.test", `https://127.0.0.1:${port()}`]) {
      expect(await ask(origin), origin).to.match(/does not answer GET \/user: unable to verify the first certificate/);
    }
    expect(() => new GitLabApi({ url: "https://gitlab.test", token: "t", project: "1", caFile: "/none" })).to.throw(
      /^certificates of private authorities cannot be read: ENOENT/,
    );
  });
});

describe("a job without what --merge-request needs", () => {
  const all = {
    ...{ CI_API_V4_URL: "https://gitlab.example.com/api/v4", CI_PROJECT_ID: "7", CI_MERGE_REQUEST_IID: "3" },
    ...{
      CI_COMMIT_SHA: "abc",
      CI_PIPELINE_ID: "9",
      CI_JOB_URL: "https://gitlab.example.com/j/1",
      MERGE_REQUEST_TOKEN: "t",
    },
  };

  it("is told each variable that is missing, and how to get the token", () => {
    expect(mergeRequestContext(all)).to.include({ iid: "3", pipeline: 9, project: "7", token: "t", caFile: undefined });
    expect(mergeRequestContext({ ...all, CI_SERVER_TLS_CA_FILE: "/ca.pem" })).to.include({ caFile: "/ca.pem" });
    for (const name of Object.keys(all)) {
      expect(() => mergeRequestContext({ ...all, [name]: "" }), name).to.throw(name);
    }
    expect(() => mergeRequestContext({})).to.throw(/CI_PROJECT_ID[\s\S]*MERGE_REQUEST_TOKEN: .*scope api/);
  });
});
