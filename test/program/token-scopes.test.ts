import { expect } from "chai";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { missingScopes, scopeTrouble } from "../../components/look-ups/token-scopes";
import { lookUp } from "../../components/look-ups/look-ups";
import { accessOf, type GitLabAccess } from "../../components/settings/gitlab-access";
import { parseSettings } from "../../components/settings/settings";
import { deploy, type World } from "./support/deploy";
import { raw } from "./support/settings";

const { entries } = parseSettings(raw({ groups: ["acme/backend"] }));
const [group] = entries;
const instance = { ...group, kind: "instance" as const };
const enough = ["create_runner", "manage_runner", "read_api"];

describe("the scopes of GitLab's token", () => {
  it("are those of runners, and of look-ups where there are some", () => {
    expect(missingScopes([group], enough)).to.deep.equal([]);
    expect(missingScopes([group], ["api"])).to.deep.equal([]);
    expect(missingScopes([group], ["read_api"])).to.deep.equal(["create_runner", "manage_runner"]);
    expect(missingScopes([group], ["create_runner", "manage_runner", "read_user"])).to.deep.equal(["read_api"]);
    expect(missingScopes([instance], ["create_runner", "manage_runner"])).to.deep.equal([]);
    expect(missingScopes([instance], [])).to.deep.equal(["create_runner", "manage_runner"]);
  });

  it("are nobody's to judge where a token does not tell them, or is fine-grained", () => {
    expect(missingScopes([group], undefined)).to.deep.equal([]);
    expect(missingScopes([group], ["granular"])).to.deep.equal([]);
  });

  it("are asked for with what the provider is given", () => {
    const url = "https://git.example.com";
    expect(accessOf({ "gitlab:token": "a", "gitlab:insecure": "true" }, url, { GITLAB_TOKEN: "b" })).to.deep.equal({
      ...{ url, token: "a", fromEnvironment: false, insecure: true },
    });
    expect(accessOf({ "gitlab:cacertFile": "/ca.pem" }, url, { GITLAB_TOKEN: "b" })).to.deep.equal({
      ...{ url, token: "b", fromEnvironment: true, cacertFile: "/ca.pem", insecure: false },
    });
  });

  describe("as GitLab tells them", () => {
    let answer: (request: IncomingMessage, response: ServerResponse) => void;
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers["private-token"]}`);
      answer(request, response);
    });
    let access: GitLabAccess;
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      access = { url, token: "glpat-s3cret", fromEnvironment: false, insecure: false };
    });
    beforeEach(() => {
      asked.length = 0;
      answer = (_request, response) => void response.end(JSON.stringify({ scopes: ["read_api"] }));
    });
    after(() => server.close());

    it("name what is missing, with the way out, and never the token", async () => {
      const said = await scopeTrouble(entries, access);
      expect(said)
        .to.match(/^gitlab:token: it has not got the scopes create_runner, .*; manage_runner, .*; make one with/)
        .and.contain("pulumi config set gitlab:token --secret")
        .and.not.contain("s3cret");
      expect(asked).to.deep.equal(["GET /api/v4/personal_access_tokens/self glpat-s3cret"]);
    });

    it("are not asked for where no runner is made, or there is no token", async () => {
      expect(await scopeTrouble([{ ...group, token: pulumi.secret("glrt-own") } as never], access)).to.equal(undefined);
      expect(await scopeTrouble(entries, { ...access, token: undefined })).to.equal(undefined);
      expect(asked).to.deep.equal([]);
    });

    const silent: [string, typeof answer][] = [
      ["a token that is none of these", (_request, response) => void response.writeHead(401).end("{}")],
      ["a job's or an application's", (_request, response) => void response.writeHead(400).end("{}")],
      ["an older GitLab", (_request, response) => void response.writeHead(404).end("{}")],
      ["a page in its place", (_request, response) => void response.end("<html>")],
      ["an answer of another form", (_request, response) => void response.end('{"scopes":"all"}')],
      ["a connection that breaks", (request) => void request.socket.destroy()],
    ];
    for (const [what, how] of silent) {
      it(`say nothing of ${what}`, async () => {
        answer = how;
        expect(await scopeTrouble(entries, access)).to.equal(undefined);
      });
    }

    it("do not take the token elsewhere", async () => {
      answer = (_request, response) => void response.writeHead(302, { location: "/elsewhere" }).end();
      expect(await scopeTrouble(entries, access)).to.equal(undefined);
      expect(asked).to.have.length(1);
    });

    /** What the look-ups end with. */
    const failure = async (given: GitLabAccess, world: World = {}) =>
      (await deploy(() => lookUp(parseSettings(raw()), given), world)).errors.join("\n");

    it("end a preview together with whatever else is missing, once", async () => {
      const said = await failure(access, { missing: ["acme/backend"], preview: true });
      expect(said).to.contain('GitLab has no group "acme/backend"');
      expect(said.match(/has not got the scopes create_runner/g)).to.have.length(1);
    });

    it("let whoever has a token of their own preview, and not deploy", async () => {
      const own = { ...access, fromEnvironment: true };
      expect(await failure(own, { preview: true })).to.equal("");
      expect(await failure(own)).to.contain("has not got the scopes");
    });
  });
});
