import { expect } from "chai";
import fc from "fast-check";
import { holds, type Context } from "../../../../sandbox/aws/iam/conditions";
import { evaluate, type Permission } from "../../../../sandbox/aws/iam/evaluate";
import { matches, matchesAction, matchesArn } from "../../../../sandbox/aws/iam/patterns";
import { parsePolicy } from "../../../../sandbox/aws/iam/policy";

const ecs = "arn:aws:ecs:us-east-1:123456789012";
const runTask: Permission = {
  action: "ecs:RunTask",
  resource: `${ecs}:task-definition/ci:3`,
  context: { "ecs:cluster": `${ecs}:cluster/jobs` },
};
const allow = { Effect: "Allow", Action: "ecs:RunTask", Resource: `${ecs}:task-definition/ci:*` };
const deny = { ...allow, Effect: "Deny" };
const policy = (...statements: object[]) =>
  parsePolicy("p", JSON.stringify({ Version: "2012-10-17", Statement: statements }));
const decide = (identity: object[], boundary?: object[], permission = runTask) =>
  evaluate({ identity: [policy(...identity)], ...(boundary && { boundary: policy(...boundary) }) }, permission);

describe("IAM: patterns", () => {
  for (const [pattern, text, expected] of [
    ["a*c", "abbc", true],
    ["a*c", "ac", true],
    ["a?c", "ac", false],
    ["a?c", "abc", true],
    ["a.c", "abc", false],
    ["*", "", true],
    ["(a|b)", "a", false],
    ["A*", "abc", false],
  ] as const) {
    it(`${pattern} ${expected ? "is" : "is not"} ${JSON.stringify(text)}`, () =>
      expect(matches(pattern, text)).to.equal(expected));
  }

  it("take names of actions in upper and lower case", () => {
    expect(matchesAction("ECS:run*", "ecs:RunTask")).to.equal(true);
    expect(matchesAction("ecs:RunTask", "ecs:RunTasks")).to.equal(false);
  });

  for (const [pattern, arn, expected] of [
    ["*", `${ecs}:task/jobs/1`, true],
    ["*", "*", true],
    [`${ecs}:task/jobs/*`, `${ecs}:task/jobs/1`, true],
    [`${ecs}:task/jobs/*`, `${ecs}:task/other/1`, false],
    [`${ecs}:task/jobs/*`, "*", false],
    ["arn:aws:ecs:*:123456789012:task/*", `${ecs}:task/jobs/1`, true],
    // A wildcard ends with its part of the ARN.
    ["arn:aws:ecs:*:task/jobs/1", `${ecs}:task/jobs/1`, false],
    ["arn:aws:s3:::cache/*", "arn:aws:s3:::cache/a/b:c", true],
    ["arn:aws:s3:::cache/*", "arn:aws:s3:::cache", false],
    ["arn:aws:s3", "arn:aws:s3:::cache/a", true],
    ["arn:aws:logs:us-east-1:1:log-group:g:*", "arn:aws:logs:us-east-1:1:log-group:g:log-stream:s", true],
    ["arn:aws:logs:us-east-1:1:log-group:g:*", "arn:aws:logs:us-east-1:1:log-group:gg:log-stream:s", false],
  ] as const) {
    it(`${pattern} ${expected ? "is" : "is not"} ${arn}`, () => expect(matchesArn(pattern, arn)).to.equal(expected));
  }
});

describe("IAM: conditions", () => {
  const context: Context = {
    "ecs:cluster": `${ecs}:cluster/jobs`,
    "aws:TagKeys": ["a", "b"],
    flag: "true",
    name: "Job",
  };
  const cases: [operator: string, key: string, values: string[], expected: boolean][] = [
    ["StringEquals", "name", ["Job"], true],
    ["StringEquals", "NAME", ["job"], false],
    ["StringEquals", "name", ["x", "Job"], true],
    ["StringEquals", "name", ["J*"], false],
    ["StringEqualsIgnoreCase", "name", ["job"], true],
    ["StringNotEqualsIgnoreCase", "name", ["job"], false],
    ["StringNotEquals", "name", ["x"], true],
    ["StringNotEquals", "name", ["x", "Job"], false],
    ["StringLike", "name", ["J?b"], true],
    ["StringNotLike", "name", ["J*"], false],
    ["ArnEquals", "ecs:cluster", [`${ecs}:cluster/jobs`], true],
    ["ArnEquals", "ecs:cluster", [`${ecs}:cluster/*`], true],
    ["ArnLike", "ecs:cluster", ["arn:aws:ecs:*:cluster/jobs"], false],
    ["ArnNotEquals", "ecs:cluster", [`${ecs}:cluster/other`], true],
    ["ArnNotLike", "ecs:cluster", [`${ecs}:cluster/*`], false],
    ["Bool", "flag", ["true"], true],
    ["Bool", "flag", ["false"], false],
    ["Null", "flag", ["false"], true],
    ["Null", "absent", ["true"], true],
    ["Null", "absent", ["false"], false],
    // What the request does not have.
    ["StringEquals", "absent", ["x"], false],
    ["StringEqualsIfExists", "absent", ["x"], true],
    ["StringEqualsIfExists", "name", ["x"], false],
    ["StringNotEquals", "absent", ["x"], true],
    ["ForAllValues:StringEquals", "absent", ["x"], true],
    ["ForAnyValue:StringEquals", "absent", ["x"], false],
    ["ForAnyValue:StringNotEquals", "absent", ["x"], false],
    // Many values.
    ["ForAllValues:StringEquals", "aws:TagKeys", ["a", "b", "c"], true],
    ["ForAllValues:StringEquals", "aws:TagKeys", ["a"], false],
    ["ForAnyValue:StringEquals", "aws:TagKeys", ["b", "z"], true],
    ["ForAnyValue:StringLike", "aws:TagKeys", ["z*"], false],
    ["ForAllValues:StringNotEquals", "aws:TagKeys", ["z"], true],
  ];
  for (const [operator, key, values, expected] of cases) {
    it(`${operator} ${key} ${values.join()}: ${expected}`, () =>
      expect(holds({ operator, key, values }, context)).to.equal(expected));
  }

  it("that are not evaluated are refused by name", () => {
    expect(() => holds({ operator: "IpAddress", key: "name", values: ["10.0.0.0/8"] }, context)).to.throw("IpAddress");
    expect(() => holds({ operator: "StringEquals", key: "aws:TagKeys", values: ["a"] }, context)).to.throw(
      "ForAllValues",
    );
  });
});

describe("IAM: decisions", () => {
  it("allow what a statement allows, and nothing else", () => {
    expect(decide([allow]).allowed).to.equal(true);
    for (const changed of [
      { action: "ecs:StopTask" },
      { resource: `${ecs}:task-definition/other:1` },
      { resource: "*" },
    ]) {
      expect(decide([allow], undefined, { ...runTask, ...changed }).allowed, JSON.stringify(changed)).to.equal(false);
    }
  });

  it("say why not, in AWS's words", () => {
    expect(decide([]).reason).to.equal("because no identity-based policy allows the ecs:RunTask action");
    expect(decide([allow], []).reason).to.equal("because no permissions boundary allows the ecs:RunTask action");
    expect(decide([allow, deny]).reason).to.equal("with an explicit deny in an identity-based policy");
    expect(decide([allow], [allow, deny]).reason).to.equal("with an explicit deny in a permissions boundary");
  });

  it("need both, identity-based policy and boundary", () => {
    expect(decide([allow], [{ Effect: "Allow", Action: "*", Resource: "*" }]).allowed).to.equal(true);
    expect(decide([], [allow]).allowed).to.equal(false);
  });

  it("read conditions, NotAction and NotResource", () => {
    const inCluster = (cluster: string) => [
      { ...allow, Condition: { ArnEquals: { "ecs:cluster": `${ecs}:cluster/${cluster}` } } },
    ];
    expect(decide(inCluster("jobs")).allowed).to.equal(true);
    expect(decide(inCluster("other")).allowed).to.equal(false);
    expect(decide([{ Effect: "Allow", NotAction: "ecs:Stop*", Resource: "*" }]).allowed).to.equal(true);
    expect(decide([{ Effect: "Allow", NotAction: ["ecs:Run*"], Resource: "*" }]).allowed).to.equal(false);
    expect(decide([{ ...allow, Resource: undefined, NotResource: allow.Resource }]).allowed).to.equal(false);
  });

  it("name policy and statement that cannot be evaluated", () => {
    const withVariable = { ...allow, Sid: "Own", Resource: ["arn:aws:s3:::b/$", "{aws:username}"].join("") };
    expect(() => decide([withVariable])).to.throw("policy p, statement Own: policy variables are not evaluated");
    const byDate = { ...allow, Condition: { DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } } };
    expect(() => decide([byDate])).to.throw("policy p, statement 0: condition operator DateGreaterThan");
    expect(() => decide([{ Effect: "Allow", Resource: "*" }])).to.throw("neither Action nor NotAction");
  });
});

describe("IAM: whatever the policies are", () => {
  const statement = fc.record({
    Effect: fc.constantFrom("Allow", "Deny"),
    Action: fc.subarray(["ecs:RunTask", "ECS:*", "ecs:Stop*", "s3:GetObject", "*"], { minLength: 1 }),
    Resource: fc.subarray(["*", `${ecs}:*`, `${ecs}:task-definition/ci:*`, "arn:aws:s3:::b/*"], { minLength: 1 }),
    Condition: fc.constantFrom(
      {},
      { ArnEquals: { "ecs:cluster": `${ecs}:cluster/jobs` } },
      { ArnNotEquals: { "ecs:cluster": `${ecs}:cluster/jobs` } },
      { Bool: { "aws:SecureTransport": "true" } },
    ),
  });
  const statements = fc.array(statement, { maxLength: 6 });
  const permission = fc.record({
    action: fc.constantFrom("ecs:RunTask", "ecs:StopTask", "s3:GetObject"),
    resource: fc.constantFrom(runTask.resource, `${ecs}:task/jobs/1`, "arn:aws:s3:::b/k", "*"),
    context: fc.constantFrom<Context>({}, runTask.context, { "aws:SecureTransport": "true" }),
  });
  const denyOf = ({ action, resource }: Permission) => ({ Effect: "Deny", Action: action, Resource: resource });

  it("an explicit deny wins", () => {
    fc.assert(
      fc.property(statements, statements, permission, (identity, boundary, asked) => {
        expect(decide([...identity, denyOf(asked)], undefined, asked).allowed).to.equal(false);
        expect(decide(identity, [...boundary, denyOf(asked)], asked).allowed).to.equal(false);
      }),
    );
  });

  it("taking a statement away allows no more, where all of them allow", () => {
    fc.assert(
      fc.property(statements, fc.nat(), permission, (given, at, asked) => {
        const allowing = given.map((one) => ({ ...one, Effect: "Allow" }));
        const fewer = allowing.filter((_, index) => index !== at % Math.max(1, allowing.length));
        if (decide(fewer, undefined, asked).allowed) expect(decide(allowing, undefined, asked).allowed).to.equal(true);
      }),
    );
  });

  it("a boundary allows no more", () => {
    fc.assert(
      fc.property(statements, statements, permission, (identity, boundary, asked) => {
        if (decide(identity, boundary, asked).allowed)
          expect(decide(identity, undefined, asked).allowed).to.equal(true);
      }),
    );
  });

  it("the order of statements and the case of actions mean nothing", () => {
    fc.assert(
      fc.property(statements, permission, (given, asked) => {
        const { allowed } = decide(given, undefined, asked);
        const shouted = given.map((one) => ({ ...one, Action: one.Action.map((action) => action.toUpperCase()) }));
        expect(decide([...given].reverse(), undefined, asked).allowed).to.equal(allowed);
        expect(decide(shouted, undefined, asked).allowed).to.equal(allowed);
      }),
    );
  });
});
