/** What changes mean, what of it is dangerous, and what a merge request says to that. */
import { expect } from "chai";
import type { Change, Op } from "../../automation/changes";
import { dangersOf } from "../../automation/danger";
import { compareGrants } from "../../automation/iam";
import { meaningsOf } from "../../automation/meaning";
import { outcomeOf } from "../../automation/outcome";
import { acknowledgements, unacknowledged } from "../../automation/policy";
import type { Value } from "../../automation/values";
import { taskFamily } from "../../components/names";

function change(
  op: Op,
  type: string,
  name: string,
  old: Record<string, Value> = {},
  after: Record<string, Value> = {},
): Change {
  const paths = [...new Set([...Object.keys(old), ...Object.keys(after)])];
  const properties = paths
    .filter((path) => JSON.stringify(old[path]) !== JSON.stringify(after[path]))
    .map((path) => ({ path, kind: "update" as const, replaces: false, old: old[path], new: after[path] }));
  return { op, type, name, urn: `urn:pulumi:dev::p::${type}::${name}`, old, new: after, properties };
}

const runner = "gitlab:index/userRunner:UserRunner";
const command = "command:remote:Command";
const instance = "aws:ec2/instance:Instance";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const rolePolicy = "aws:iam/rolePolicy:RolePolicy";
const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const allow = (Action: string | string[], Resource: string | string[], more: object = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});

const dangers = (...changes: Change[]) => dangersOf(meaningsOf(changes), changes);
const ids = (...changes: Change[]) => dangers(...changes).map(({ id }) => id);
const outcome = (...changes: Change[]) => outcomeOf(meaningsOf(changes));

describe("the line of outcome", () => {
  it("counts and names", () => {
    const add = (path: string) => change("create", runner, `gitlab-runners-group/${path}`);
    expect(
      outcome(
        add("acme/frontend"),
        change("update", command, "h-0-config-toml"),
        change("update", command, "h-1-config-toml"),
      ),
    ).to.equal("adds 1 runner for acme/frontend, rewrites config.toml on 2 hosts, restarts nothing");
    expect(outcome(add("a"), add("b"))).to.equal("adds 2 runners for a and b, restarts nothing");
    expect(outcome(...["a", "b", "c", "d", "e"].map(add))).to.equal(
      "adds 5 runners for a, b, c and 2 more, restarts nothing",
    );
    expect(outcome(change("create", command, "h-0-trust"), change("create", command, "h-1-trust"))).to.equal(
      "trusts private certificate authorities on 2 hosts, restarts nothing",
    );
    expect(outcome()).to.equal("changes nothing");
  });

  it("tells a host's end by its drain, and its public address by the address alone", () => {
    const drain = "command:local:Command";
    expect(
      outcome(
        change("delete", drain, "h-drain"),
        change("delete", command, "h-service"),
        change("delete", "aws:ec2/eip:Eip", "h"),
        change("delete", "aws:ec2/eipAssociation:EipAssociation", "h"),
      ),
    ).to.equal("drains and stops the runner on 1 host, takes the public address of 1 host");
    expect(outcome(change("create", drain, "h-drain"), change("create", command, "h-service"))).to.equal(
      "starts the runner on 1 host, restarts nothing",
    );
  });

  it("names task sizes as the settings do", () => {
    const sizes: [stack: string, size: string][] = [
      ["dev", "default"],
      ["dev", "x-large"],
      ["my_stack-1", "4xl"],
      ["team/a stack", "large"],
    ];
    for (const [stack, size] of sizes) {
      const changed = change("replace", "aws:ecs/taskDefinition:TaskDefinition", taskFamily(stack, size));
      expect(outcome(changed)).to.equal(`changes 1 task size (${size}), restarts nothing`);
    }
  });

  it("does not say that nothing restarts where something does", () => {
    expect(outcome(change("update", command, "h-service"))).to.equal("restarts the runner on 1 host");
    const another = ["h-service", "h-driver"].map((name) =>
      change("update", command, name, { connection: { host: "a" } }, { connection: { host: "b" } }),
    );
    expect(outcome(...another)).to.equal("reaches the hosts another way, restarts nothing");
    expect(ids(...another)).to.deep.equal([]);
    const both = change("update", command, "h-service", { connection: 1, stdin: 1 }, { connection: 2, stdin: 2 });
    expect(outcome(both)).to.equal("restarts the runner on 1 host");
    expect(ids(both)).to.deep.equal(["runner-restarted"]);
    expect(outcome(change("replace", instance, "h"))).to.equal("replaces 1 host");
    expect(
      outcome(change("update", instance, "h", { instanceType: "t3.small" }, { instanceType: "t3.medium" })),
    ).to.equal("stops and starts 1 host");
    expect(outcome(change("update", instance, "h", { tags: {} }, { tags: { a: "1" } }))).to.equal(
      "changes 1 host, restarts nothing",
    );
  });

  it("says of an image that is retained that only the state forgets it", () => {
    const image = change("delete", "docker-build:index:Image", "i");
    expect(outcome(image)).to.equal(outcome({ ...image, retained: true }));
    const [gone, kept] = [image, { ...image, retained: true }].map((one) => meaningsOf([one])[0].subject);
    expect([gone, kept]).to.deep.equal(["job image", "job image, from the stack's state only"]);
  });

  it("counts what no rule knows, and shows it in the last group", () => {
    const unknown = change("delete", "somebody:else/thing:Thing", "x");
    expect(outcome(unknown)).to.equal("1 change, restarts nothing");
    expect(meaningsOf([unknown])[0]).to.include({ group: "Other", subject: "Thing x" });
  });
});

describe("dangers", () => {
  it("are told of each kind", () => {
    expect(ids(change("replace", instance, "h"))).to.deep.equal(["host-replaced"]);
    expect(ids(change("delete", instance, "h"))).to.deep.equal(["host-removed"]);
    expect(ids(change("update", instance, "h", { instanceType: "a" }, { instanceType: "b" }))).to.deep.equal([
      "host-stopped",
    ]);
    expect(ids(change("update", instance, "h", { tags: { a: "1" } }, { tags: { a: "2" } }))).to.deep.equal([]);
    expect(ids(change("delete", runner, "r-group/a"))).to.deep.equal(["runner-removed"]);
    expect(ids(change("replace", runner, "r-group/a"))).to.deep.equal(["runner-token-replaced"]);
    expect(ids(change("create", runner, "r-group/a"))).to.deep.equal([]);
    expect(ids(change("delete", "aws:s3/bucket:Bucket", "b"))).to.deep.equal(["bucket-deleted"]);
    expect(ids(change("replace", "aws:ecr/repository:Repository", "r"))).to.deep.equal(["repository-deleted"]);
    expect(ids(change("create", ingress, "i"))).to.deep.equal(["access-opened"]);
    expect(ids(change("delete", ingress, "i"))).to.deep.equal([]);
    const told = (more: Record<string, Value>) => ({ tags: { a: "1" }, description: "SSH", fromPort: 22, ...more });
    const changed = (more: Record<string, Value>) => ids(change("update", ingress, "i", told({}), told(more)));
    expect(changed({ tags: { a: "2" }, description: "SSH by key" })).to.deep.equal([]);
    expect(changed({ tags: { a: "2" }, fromPort: 1 })).to.deep.equal(["access-opened"]);
    expect(changed({}), "whose change is not told").to.deep.equal(["access-opened"]);
    expect(
      ids(change("update", runner, "r-group/a", { accessLevel: "ref_protected" }, { accessLevel: "not_protected" })),
    ).to.deep.equal(["access-opened"]);
    expect(
      ids(change("update", runner, "r-group/a", { accessLevel: "not_protected" }, { accessLevel: "ref_protected" })),
    ).to.deep.equal([]);
  });

  it("count a bucket's protection only while the bucket stays", () => {
    const block = change("delete", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "b");
    expect(ids(block)).to.deep.equal(["access-opened"]);
    expect(ids(block, change("delete", "aws:s3/bucket:Bucket", "b"))).to.deep.equal(["bucket-deleted"]);
  });

  it("put what has to be acknowledged first", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const found = dangers(
      change("update", rolePolicy, "p", { policy: policy() }, { policy: unknown }),
      change("delete", runner, "r-group/a"),
    );
    expect(found.map(({ id, acknowledge }) => [id, acknowledge])).to.deep.equal([
      ["runner-removed", true],
      ["iam-unknown", false],
    ]);
  });
});

describe("roles of jobs", () => {
  const [deploy, read] = ["deploy", "read"].map((name) => `arn:aws:iam::123456789012:role/${name}`);
  const toml = (profiles: Record<string, string | undefined>, more = "") =>
    `[Fargate]\nCluster = "c"\n${more}` +
    Object.entries(profiles)
      .map(([name, role]) => `[Profiles."${name}"]\nMaxCPU = 0\n${role ? `TaskRole = "${role}"\n` : ""}`)
      .join("");
  const told = (old: string, after: string, name = "h-fargate-toml") =>
    ids(change("update", command, name, { stdin: old }, { stdin: after }));
  const data = { "group/acme/data": deploy };
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

  it("have to be acknowledged where a runner's jobs get one, also one that others have", () => {
    expect(told(toml({}), toml(data))).to.deep.equal(["iam-widened"]);
    expect(told(toml(data), toml({ ...data, "group/acme/web": deploy }))).to.deep.equal(["iam-widened"]);
    expect(told(toml(data), toml({ "group/acme/data": read }))).to.deep.equal(["iam-widened"]);
    expect(told(toml(data), toml(data, `TaskRole = "${deploy}"\n`))).to.deep.equal(["iam-widened"]);
  });

  it("are nothing to tell where they are the same, or fewer", () => {
    const both = toml({ ...data, "group/acme/web": read });
    expect(told(both, toml(data, "MaxJobs = 3\n"))).to.deep.equal([]);
    expect(told(both, toml({ ...data, default: undefined }))).to.deep.equal([]);
    expect(told(toml({}), toml(data), "h-config-toml")).to.deep.equal([]);
  });

  it("are told to be unknown where there are some, and only later known", () => {
    expect(told(toml(data), unknown)).to.deep.equal(["iam-unknown"]);
    expect(told(toml({}), unknown)).to.deep.equal([]);
  });
});

describe("IAM documents", () => {
  const compare = (before: object[], after: object[]) => compareGrants(policy(...before), policy(...after));

  it("are wider with another action, resource, principal, or with a condition less", () => {
    const base = allow(["s3:GetObject"], "arn:aws:s3:::b/*", { Condition: { Bool: { x: "true" } } });
    expect(compare([base], [base])).to.equal("same or narrower");
    expect(
      compare([base], [allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*", { Condition: base })]),
    ).to.equal("wider");
    expect(compare([base], [{ ...base, Resource: "*" }])).to.equal("wider");
    expect(compare([base], [allow("s3:GetObject", "arn:aws:s3:::b/*")])).to.equal("wider");
    expect(
      compare(
        [allow("sts:AssumeRole", "*", { Principal: { Service: "a" } })],
        [allow("sts:AssumeRole", "*", { Principal: { AWS: "*" } })],
      ),
    ).to.equal("wider");
    expect(compare([base], [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }])).to.equal("wider");
  });

  it("are not wider when they grant less, or the same in other words", () => {
    expect(compare([allow(["s3:*"], "*")], [allow("s3:getobject", ["arn:aws:s3:::a", "arn:aws:s3:::b"])])).to.equal(
      "same or narrower",
    );
    expect(compare([allow(["a:B", "a:C"], "x")], [allow("a:C", "x"), allow("a:B", "x")])).to.equal("same or narrower");
    expect(compare([allow("a:B", "x")], [])).to.equal("same or narrower");
  });

  it("are wider without a denial that there was, and where they cannot be read", () => {
    const deny = { Effect: "Deny", Action: "s3:*", Resource: "*" };
    expect(compare([allow("s3:*", "*"), deny], [allow("s3:*", "*")])).to.equal("wider");
    expect(compareGrants(policy(), "no JSON")).to.equal("wider");
    expect(compareGrants(policy(), "04da6b54-80e4-46f7-96ec-b56ff0331ba9")).to.equal("unknown");
    expect(compareGrants(undefined, policy(allow("a:B", "x")))).to.equal("wider");
    // A wildcard in the new grant is not named by a longer text in the old one.
    expect(compare([allow("s3:GetObject", "arn:aws:s3:::b/x")], [allow("s3:GetObject", "arn:aws:s3:::b/?")])).to.equal(
      "wider",
    );
  });
});

describe("acknowledgements", () => {
  const read = (description: string, labels: string[] = [], stack = "dev") =>
    acknowledgements({ description, labels }, stack);

  it("come from lines of the description and from labels", () => {
    expect(read("Text\n\nAcknowledged: host-replaced, runner-removed\n").ids).to.deep.equal([
      "host-replaced",
      "runner-removed",
    ]);
    expect(read("", ["acknowledged:iam-widened", "bug"]).ids).to.deep.equal(["iam-widened"]);
    expect(read("acknowledged (prod, dev): `host-replaced`").ids).to.deep.equal(["host-replaced"]);
  });

  it("are not read out of other text, other stacks or typing errors", () => {
    expect(read("not Acknowledged: host-replaced").ids).to.deep.equal([]);
    expect(read("Acknowledged (prod): host-replaced").ids).to.deep.equal([]);
    expect(read("Acknowledged: host-replace")).to.deep.equal({ ids: [], unknown: ["host-replace"] });
    expect(read("Acknowledged: *").ids).to.deep.equal([]);
    expect(read("Acknowledged: iam-unknown").unknown, "needs none").to.deep.equal(["iam-unknown"]);
  });

  it("let through their kind only", () => {
    const found = dangers(change("replace", instance, "h"), change("delete", runner, "r-group/a"));
    expect(unacknowledged(found, read("Acknowledged: host-replaced")).map(({ id }) => id)).to.deep.equal([
      "runner-removed",
    ]);
    expect(unacknowledged(found, read("Acknowledged: host-replaced runner-removed"))).to.deep.equal([]);
  });
});
