/** The names of the guard's limits in docker-entrypoint.sh: the driver's, and those that earlier drivers use. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createContainer, type Container } from "./container";

const past = "1700000000";
const soon = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

describe("the guard's variables", () => {
  let container: Container;
  beforeEach(() => (container = createContainer()));
  afterEach(() => container.remove());

  const start = (variables: Record<string, string>) =>
    spawnSync("sh", [container.entrypoint], {
      env: { PATH: process.env.PATH, SSH_PUBLIC_KEY: container.publicKey, ...variables },
      encoding: "utf8",
    });

  const refused: [string, Record<string, string>, RegExp][] = [
    ["a deadline that has passed", { FARGATE_GUARD_DEADLINE: past }, /has passed/],
    ["a deadline that is no number", { FARGATE_GUARD_DEADLINE: "$(id)" }, /whole number/],
    ["a wait that is no number", { FARGATE_GUARD_FIRST_SESSION: "-1" }, /whole number/],
    ["an earlier driver's deadline", { GUARD_DEADLINE: past }, /has passed/],
    ["an earlier driver's wait", { GUARD_FIRST_SESSION: "-1" }, /whole number/],
    [
      "its own deadline before an earlier driver's",
      { FARGATE_GUARD_DEADLINE: past, GUARD_DEADLINE: "x" },
      /has passed/,
    ],
    ["its own wait before an earlier driver's", { FARGATE_GUARD_FIRST_SESSION: "x", GUARD_FIRST_SESSION: "1" }, /'x'/],
  ];
  for (const [what, variables, message] of refused) {
    it(`are read: ${what}`, () => {
      const { status, stderr } = start(variables);
      expect(status).to.equal(1);
      expect(stderr).to.match(message);
    });
  }

  it("are no business of sessions and of sshd", () => {
    const limits = { FIRST_SESSION: "1", DEADLINE: soon(2), HOST: "0123" };
    const both = Object.entries(limits).flatMap(([name, value]) => [
      [`FARGATE_GUARD_${name}`, value],
      [`GUARD_${name}`, value],
    ]);
    const { status, stdout } = start({ ...Object.fromEntries(both), GUARD_OF_THE_JOB: "its own" });
    expect(status).to.equal(0);
    expect(stdout.match(/^\w*GUARD_\w+/gm)).to.deep.equal(["GUARD_OF_THE_JOB"]);
    const session = readFileSync(container.at("root/.ssh/environment"), "utf8");
    expect(session.match(/^\w*GUARD_\w+/gm)).to.deep.equal(["GUARD_OF_THE_JOB"]);
  });
});
