import { expect } from "chai";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import { makeSecret, UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { gitlabPackage } from "../../../sandbox/providers/gitlab";
import { scratch } from "../../support/scratch";
import { makeAuthority } from "../../support/tls";
import { createContext, rejection } from "./support";

const { resources, functions } = gitlabPackage();
const userRunner = resources["gitlab:index/userRunner:UserRunner"] as Required<Resource>;

describe("gitlab stand-in", () => {
  let server: http.Server;
  let config: Props;
  /** By "METHOD path"; whatever is not there is a 404 in GitLab's words. */
  let answers: Record<string, object | number>;
  let requests: { call: string; token?: string; body?: Props }[];
  before(async () => {
    server = http.createServer(async (request, response) => {
      const call = `${request.method} ${request.url}`;
      const body = await text(request);
      const token = request.headers["private-token"] as string | undefined;
      requests.push({ call, token, ...(body && { body: JSON.parse(body) as Props }) });
      const answer = answers[call] ?? 404;
      const status = typeof answer === "number" ? answer : 200;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(
        typeof answer === "number" ? JSON.stringify({ message: `${answer} Runner Not Found` }) : JSON.stringify(answer),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // Without a slash at the end: both forms are in use.
    config = { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`, token: "admin" };
  });
  after(() => server.close());
  beforeEach(() => {
    answers = {};
    requests = [];
  });
  const context = () => createContext({ config }).context;

  const inputs: Props = {
    runnerType: "group_type",
    groupId: 11,
    tagLists: ["b", "a"],
    untagged: true,
    maximumTimeout: 3600,
  };
  const found = {
    id: 7,
    tag_list: ["b", "a"],
    run_untagged: true,
    locked: false,
    paused: false,
    maximum_timeout: 3600,
  };

  it("trusts the authorities that it is given, and tells of others as Go does", async () => {
    const folder = scratch();
    const [own, other] = await Promise.all(
      ["own", "other"].map((name) => {
        mkdirSync(path.join(folder.dir, name));
        return makeAuthority(path.join(folder.dir, name));
      }),
    );
    const secure = https.createServer(await own.issue("IP:127.0.0.1"), (_, response) => response.end('{"id":11}'));
    await once(secure.listen(0, "127.0.0.1"), "listening");
    const baseUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const look = (cacertFile?: string) => {
      const { context } = createContext({ config: { baseUrl, token: "admin", ...(cacertFile && { cacertFile }) } });
      return functions["gitlab:index/getGroup:getGroup"]({ groupId: 11 }, context);
    };
    try {
      expect(await look(own.file)).to.include({ groupId: 11 });
      for (const file of [other.file, undefined]) {
        expect((await rejection(look(file) as Promise<unknown>)).message).to.contain(
          "x509: certificate signed by unknown",
        );
      }
    } finally {
      secure.closeAllConnections();
      secure.close();
      folder.remove();
    }
  });

  it("creates a runner, and keeps its token secret", async () => {
    answers = { "POST /api/v4/user/runners": { id: 7, token: "glrt-1" }, "GET /api/v4/runners/7": found };
    const { id, outputs } = await lifecycle.create(userRunner, { inputs, preview: false }, context());
    expect(id).to.equal("7");
    expect(outputs).to.include({ groupId: 11, untagged: true, locked: false, maximumTimeout: 3600 });
    expect(outputs.token).to.deep.equal(makeSecret("glrt-1"));
    expect(requests[0]).to.deep.equal({
      call: "POST /api/v4/user/runners",
      token: "admin",
      body: {
        runner_type: "group_type",
        group_id: 11,
        tag_list: ["b", "a"],
        run_untagged: true,
        maximum_timeout: 3600,
      },
    });
  });

  it("updates what is set, and keeps the token from the state", async () => {
    answers = { "PUT /api/v4/runners/7": { ...found, paused: true } };
    const state = { ...inputs, token: "glrt-1" };
    const outputs = await userRunner.update("7", state, { ...inputs, paused: true }, context());
    expect(outputs).to.include({ paused: true, token: "glrt-1" });
    expect(requests[0].body).to.include({ paused: true }).and.not.have.any.keys("token", "group_id", "description");
  });

  describe("as the real one's schema has it", () => {
    /** Of terraform-provider-gitlab, internal/provider/resource_gitlab_user_runner.go. */
    const optionalAndComputed = {
      ...{ description: "data", tagLists: ["a"], untagged: false, locked: true, paused: true },
      ...{ accessLevel: "ref_protected", maximumTimeout: 3600, maintenanceNote: "of data" },
    };
    const replacing = ["runnerType", "groupId", "projectId"];
    const owner = { runnerType: "group_type", groupId: 11 };
    const state: Props = { ...owner, ...optionalAndComputed, token: "glrt-1" };

    it("has these properties and no others", () => {
      expect(userRunner.computed).to.have.members(Object.keys(optionalAndComputed));
      expect(userRunner.replaceOn).to.have.members(replacing);
      expect(userRunner.secretOutputs).to.deep.equal(["token"]);
    });

    for (const name of Object.keys(optionalAndComputed)) {
      it(`keeps ${name} where it is left out, and tells no change`, async () => {
        const { [name]: left, ...news } = { ...owner, ...optionalAndComputed } as Props;
        const oldInputs = { ...news, [name]: left };
        const { changes } = await lifecycle.diff(userRunner, { state, oldInputs, news }, context());
        expect(changes).to.deep.equal([]);
        answers = { "PUT /api/v4/runners/7": { ...found, paused: true } };
        await lifecycle.update(userRunner, { id: "7", state, oldInputs, news, preview: false }, context());
        expect(Object.values(requests[0].body!)).to.deep.include(left);
      });
    }

    it("tells a change against what GitLab has, not against what was given last", async () => {
      const { maximumTimeout, ...news } = { ...owner, ...optionalAndComputed };
      const again = { ...news, maximumTimeout };
      const { changes } = await lifecycle.diff(userRunner, { state, oldInputs: news, news: again }, context());
      expect(changes).to.deep.equal([]);
    });

    it("has empty values where GitLab has none, and sends no timeout of 0", async () => {
      answers = { "GET /api/v4/runners/7": { ...found, maximum_timeout: null, maintenance_note: null } };
      const read = (await userRunner.read("7", state, context()))!;
      expect(read).to.include({ maximumTimeout: 0, maintenanceNote: "", description: "" });
      answers = { "PUT /api/v4/runners/7": found };
      await userRunner.update("7", read, read, context());
      expect(requests.at(-1)!.body).to.include({ maintenance_note: "" }).and.not.have.property("maximum_timeout");
    });
  });

  it("takes the order of tags for no change", async () => {
    const check = async (tagLists: string[]) =>
      (await userRunner.check({ ...inputs, tagLists }, context(), undefined)).inputs;
    expect(await check(["b", "a"])).to.deep.equal(await check(["a", "b"]));
  });

  it("finds out that a runner is gone, and what was changed on it", async () => {
    expect(await userRunner.read("7", inputs, context())).to.equal(undefined);
    answers = { "GET /api/v4/runners/7": { ...found, paused: true } };
    expect(await userRunner.read("7", { ...inputs, token: "t" }, context())).to.include({ paused: true, token: "t" });
  });

  it("deletes, and fails as the real one does where a runner is gone already", async () => {
    answers = { "DELETE /api/v4/runners/7": {} };
    await userRunner.delete("7", {}, context());
    const error = await rejection(userRunner.delete("8", {}, context()));
    expect(error.message).to.equal("404 Not Found");
  });

  it("goes on about every other failure", async () => {
    answers = { "DELETE /api/v4/runners/7": 403 };
    const error = await rejection(userRunner.delete("7", {}, context()));
    expect(error.message).to.match(/^DELETE http:.*\/api\/v4\/runners\/7: 403 \{message: 403 /);
    expect(error.message).not.to.include("admin");
  });

  it("refuses what GitLab would refuse, and lets pass what is not known yet", async () => {
    const failures = async (news: Props) =>
      (await userRunner.check(news, context(), undefined)).failures?.map(({ property }) => property) ?? [];
    expect(await failures({ runnerType: "other" })).to.deep.equal(["runnerType"]);
    expect(await failures({ runnerType: "group_type" })).to.deep.equal(["groupId"]);
    expect(await failures({ runnerType: "project_type", groupId: 1 })).to.deep.equal(["groupId", "projectId"]);
    expect(await failures({ runnerType: "group_type", groupId: 1, projectId: 1 })).to.deep.equal(["projectId"]);
    expect(await failures({ runnerType: "instance_type", groupId: 1 })).to.deep.equal(["groupId"]);
    expect(await failures({ runnerType: "instance_type", accessLevel: "all" })).to.deep.equal(["accessLevel"]);
    const maintenanceNote = "a".repeat(1025);
    expect(await failures({ runnerType: "instance_type", maintenanceNote })).to.deep.equal(["maintenanceNote"]);
    expect(await failures({ runnerType: "instance_type", maximumTimeout: 599 })).to.deep.equal(["maximumTimeout"]);
    expect(await failures({ runnerType: "group_type", groupId: UNKNOWN, maximumTimeout: 600 })).to.deep.equal([]);
  });

  it("looks up a group by its path, and says which one GitLab does not have", async () => {
    const getGroup = functions["gitlab:index/getGroup:getGroup"];
    answers = { "GET /api/v4/groups/acme%2Fbackend": { id: 11, full_path: "acme/backend", name: "backend" } };
    expect(await getGroup({ fullPath: "acme/backend" }, context())).to.include({
      groupId: 11,
      fullPath: "acme/backend",
    });
    const error = await rejection(getGroup({ fullPath: "acme/nope" }, context()));
    expect(error.message).to.equal("404 Not Found");
  });

  it("looks up a project by its path", async () => {
    answers = { "GET /api/v4/projects/acme%2Fdemo": { id: 101, path_with_namespace: "acme/demo" } };
    const project = await functions["gitlab:index/getProject:getProject"](
      { pathWithNamespace: "acme/demo" },
      context(),
    );
    expect(project).to.include({ id: "101", pathWithNamespace: "acme/demo" });
  });

  it("asks who it is when it is configured, unless it is told not to", async () => {
    const { configure } = gitlabPackage();
    answers = { "GET /api/v4/user": { id: 1 } };
    await configure!(context());
    answers = {};
    const error = await rejection(configure!(context()));
    expect(error.message).to.match(/^Failed to create GitLab Client from provider configuration/);
    expect((error.cause as Error).message).to.equal("404 Not Found");
    requests = [];
    await configure!(createContext({ config: { ...config, earlyAuthCheck: "false" } }).context);
    expect(requests).to.deep.equal([]);
  });

  it("takes an address that does not name the API, as the real one does", async () => {
    answers = { "DELETE /api/v4/runners/1": {} };
    for (const ending of ["", "/", "/api/v4/"]) {
      requests = [];
      const baseUrl = String(config.baseUrl).replace("/api/v4", ending);
      await userRunner.delete("1", {}, createContext({ config: { ...config, baseUrl } }).context);
      expect(
        requests.map(({ call }) => call),
        ending,
      ).to.deep.equal(["DELETE /api/v4/runners/1"]);
    }
  });

  it("says what is missing where there is no token, and that GitLab cannot be reached", async () => {
    const ask = (settings: Props) => rejection(userRunner.delete("1", {}, createContext({ config: settings }).context));
    expect((await ask({ baseUrl: config.baseUrl })).message).to.match(/^No GitLab token configured/);
    expect((await ask({ baseUrl: "http://127.0.0.1:1/api/v4/", token: "admin" })).message).to.include(
      "cannot be reached",
    );
    expect(requests).to.deep.equal([]);
  });
});
