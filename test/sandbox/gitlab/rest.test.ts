import { expect } from "chai";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { call, startFixture, type Fixture } from "./support";

describe("GitLab stand-in: REST", function () {
  let fixture: Fixture;
  before(async () => (fixture = await startFixture()));
  after(() => fixture.close());

  const create = (body: unknown) => fixture.rest("POST", "/user/runners", body);

  it("refuses calls without a token that it knows, by either header", async () => {
    const { gitlab } = fixture;
    for (const headers of [{}, { "private-token": "glpat-other" }, { authorization: "Bearer no" }]) {
      const answer = await call(gitlab, "GET", "/user", undefined, headers as Record<string, string>);
      expect(answer.status).to.equal(401);
      expect(answer.body).to.deep.equal({ message: "401 Unauthorized" });
    }
    const bearer = await call(gitlab, "GET", "/user", undefined, { authorization: "Bearer glpat-test" });
    expect(bearer.status).to.equal(200);
    expect((await fixture.rest("GET", "/version")).body.version).to.match(/^19\.4/);
  });

  it("holds each token to its scopes", async () => {
    const { body } = await create({ runner_type: "instance_type" });
    const calls: [string, string, object?][] = [
      ["GET", "/user"],
      ["GET", "/version"],
      ["GET", "/groups/11"],
      ["POST", "/user/runners", { runner_type: "instance_type" }],
      ["GET", `/runners/${body.id}`],
      ["PUT", `/runners/${body.id}`, { paused: true }],
      ["DELETE", "/runners/4711"],
    ];
    const statuses = async (token: string) => {
      const answers = calls.map(([method, path, sent]) => fixture.rest(method, path, sent, { "private-token": token }));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await statuses("glpat-test")).to.deep.equal([200, 200, 200, 201, 200, 200, 404]);
    expect(await statuses("glpat-reader")).to.deep.equal([200, 200, 200, 403, 200, 403, 403]);
    expect(await statuses("glpat-user")).to.deep.equal([200, 200, 403, 403, 403, 403, 403]);
    expect(await statuses("glpat-creator")).to.deep.equal([403, 403, 403, 201, 403, 403, 403]);
    expect(await statuses("glpat-manager")).to.deep.equal([403, 403, 403, 403, 200, 200, 404]);
    const refused = await fixture.rest("PUT", `/runners/${body.id}`, {}, { "private-token": "glpat-creator" });
    expect(refused.body).to.deep.equal({
      error: "insufficient_scope",
      error_description: "The request requires higher privileges than provided by the access token.",
      scope: "manage_runner api read_api",
    });
  });

  it("tells each token what it may do, whatever that is, and nobody else", async () => {
    for (const [token, scope] of [
      ["glpat-test", "api"],
      ["glpat-repository", "read_repository"],
    ]) {
      const { status, body } = await fixture.rest("GET", "/personal_access_tokens/self", undefined, {
        "private-token": token,
      });
      expect([status, body.scopes, body.active], token).to.deep.equal([200, [scope], true]);
    }
    const other = { "private-token": "glpat-other" };
    expect((await fixture.rest("GET", "/personal_access_tokens/self", undefined, other)).status).to.equal(401);
  });

  it("takes a token until it expires", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    const own = await startFixture({ accessTokens: [{ token: "glpat-test", scopes: ["api"], expiresAt }] });
    own.clock.advance(expiresAt.getTime() - own.clock.now() - 1);
    expect((await own.rest("GET", "/user")).status).to.equal(200);
    own.clock.advance(1);
    const { status, body } = await own.rest("GET", "/user");
    expect([status, body.error, body.error_description]).to.deep.equal([
      ...[401, "invalid_token"],
      "Token is expired. You can either do re-authorization or token refresh.",
    ]);
    await own.close();
  });

  it("finds groups and projects by id and by path", async () => {
    const byPath = await fixture.rest("GET", "/groups/acme%2Fbackend");
    expect(byPath.body).to.include({ id: 11, full_path: "acme/backend", parent_id: 10 });
    expect((await fixture.rest("GET", "/groups/11")).body.full_path).to.equal("acme/backend");
    const project = await fixture.rest("GET", "/projects/acme%2Fbackend%2Fdemo");
    expect(project.body).to.include({ path_with_namespace: "acme/backend/demo", default_branch: "main" });
    expect(project.body.namespace.id).to.equal(11);
    const missing = await fixture.rest("GET", "/groups/acme%2Fnope");
    expect([missing.status, missing.body]).to.deep.equal([404, { message: "404 Group Not Found" }]);
    expect((await fixture.rest("GET", "/projects/1")).body).to.deep.equal({ message: "404 Project Not Found" });
  });

  it("creates, reads, changes and deletes a group's runner; tells the token only once", async () => {
    const created = await create({
      ...{ runner_type: "group_type", group_id: 11, description: "fargate", tag_list: ["a", "b"], run_untagged: false },
      ...{ access_level: "ref_protected", maximum_timeout: 600, locked: true, maintenance_note: "note" },
    });
    expect(created.status).to.equal(201);
    expect(created.body.token).to.match(/^glrt-t2_[\w-]{27}\.01\.[0-9a-z]{9}$/);
    expect(created.body).to.have.all.keys("id", "token", "token_expires_at");

    const read = await fixture.rest("GET", `/runners/${created.body.id}`);
    expect(read.body).to.deep.include({
      ...{ description: "fargate", tag_list: ["a", "b"], run_untagged: false, paused: false, locked: true },
      ...{ access_level: "ref_protected", maximum_timeout: 600, runner_type: "group_type", maintenance_note: "note" },
      status: "never_contacted",
    });
    expect(read.body.groups[0].id).to.equal(11);
    expect(JSON.stringify(read.body)).not.to.contain(created.body.token);

    const changed = await fixture.rest("PUT", `/runners/${created.body.id}`, { paused: true, tag_list: "x, y" });
    expect(changed.body).to.deep.include({ paused: true, tag_list: ["x", "y"], description: "fargate" });
    expect(changed.body).not.to.have.property("token");
    const nothing = await fixture.rest("PUT", `/runners/${created.body.id}`, { tags: ["x"] });
    expect(`${nothing.status} ${nothing.body.error}`).to.match(
      /^400 description, .* are missing, at least one parameter/,
    );

    expect((await fixture.rest("DELETE", `/runners/${created.body.id}`)).status).to.equal(204);
    const gone = await fixture.rest("GET", `/runners/${created.body.id}`);
    expect([gone.status, gone.body]).to.deep.equal([404, { message: "404 Not found" }]);
    expect((await fixture.rest("DELETE", `/runners/${created.body.id}`)).status).to.equal(404);
    expect(fixture.gitlab.runners().map((runner) => runner.id)).not.to.include(created.body.id);
  });

  it("takes forms as well as JSON", async () => {
    const body = "runner_type=instance_type&tag_list=a,b&run_untagged=false";
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const created = await fixture.rest("POST", "/user/runners", body, form);
    expect(created.status).to.equal(201);
    const { body: runner } = await fixture.rest("GET", `/runners/${created.body.id}`);
    expect(runner).to.deep.include({ tag_list: ["a", "b"], run_untagged: false });
  });

  const refusals: [string, unknown, unknown][] = [
    ["no type", {}, { error: "runner_type is missing, runner_type does not have a valid value" }],
    ["an unknown type", { runner_type: "x" }, { error: "runner_type does not have a valid value" }],
    ["a group runner without group", { runner_type: "group_type" }, { error: "group_id is missing" }],
    ["a project runner without project", { runner_type: "project_type" }, { error: "project_id is missing" }],
    ["a group id that is none", { runner_type: "group_type", group_id: "acme" }, { error: "group_id is invalid" }],
    [
      "a group that does not exist",
      { runner_type: "group_type", group_id: 999 },
      { message: "400 Bad request - Validation error" },
    ],
    [
      "a short timeout",
      { runner_type: "instance_type", maximum_timeout: 599 },
      { message: { maximum_timeout: ["needs to be at least 10 minutes"] } },
    ],
    [
      "no tags and no untagged jobs",
      { runner_type: "instance_type", run_untagged: false },
      { message: { tags_list: ["can not be empty when runner is not allowed to pick untagged jobs"] } },
    ],
    [
      "a long note",
      { runner_type: "instance_type", maintenance_note: "n".repeat(1025) },
      { message: { maintenance_note: ["is too long (maximum is 1024 characters)"] } },
    ],
    [
      "wrong types",
      { runner_type: "instance_type", paused: "maybe", tag_list: [1] },
      { error: "tag_list is invalid, paused is invalid" },
    ],
    [
      "an unknown access level",
      { runner_type: "instance_type", access_level: "x" },
      { error: "access_level does not have a valid value" },
    ],
  ];
  for (const [what, parameters, body] of refusals) {
    it(`refuses a runner with ${what}`, async () => {
      const before = fixture.gitlab.runners().length;
      const answer = await create(parameters);
      expect([answer.status, answer.body]).to.deep.equal([400, body]);
      expect(fixture.gitlab.runners()).to.have.length(before);
    });
  }

  it("survives malformed requests", async () => {
    const json = { "content-type": "application/json" };
    expect((await fixture.rest("POST", "/user/runners", "{", json)).status).to.equal(400);
    expect((await fixture.rest("POST", "/user/runners", "[]", json)).status).to.equal(400);
    expect((await fixture.rest("POST", "/user/runners", "null", json)).status).to.equal(400);
    expect((await fixture.rest("DELETE", "/runners/abc", "", json)).status).to.equal(400);
    for (const body of ["7", '"x"', "{}", '{"token":{"a":1}}', '{"token":"x","info":3}']) {
      expect((await call(fixture.gitlab, "POST", "/jobs/request", body, json)).status).to.equal(403);
    }
    expect(
      (await fixture.rest("POST", "/jobs/1/artifacts", "x", { "content-type": "multipart/form-data" })).status,
    ).to.equal(404);
    expect((await fixture.rest("GET", "/groups/%E0%A4%A")).status).to.equal(400);
    expect(await raw(fixture.gitlab.url, "NONSENSE\r\n\r\n")).to.contain("400");
    expect(await status(fixture.gitlab.url, "/%00.git/info/refs?service=git-upload-pack")).to.equal(401);
    expect((await fixture.rest("GET", "/version")).status).to.equal(200);
  });
});

function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on("data", (data) => (resolve(data.toString()), socket.destroy()));
    socket.on("error", reject);
  });
}

function status(url: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url + path, (response) => (response.resume(), resolve(response.statusCode!)))
      .on("error", reject)
      .end();
  });
}
