import type { IAMClient } from "@aws-sdk/client-iam";
import { expect } from "chai";
import { mock } from "node:test";
import { requireProfile } from "../../../../sandbox/aws/ec2/instance-profile";
import { trustsTasks } from "../../../../sandbox/aws/ecs/task-roles";
import { seenLate } from "../../../../sandbox/aws/iam/late";
import { RolePolicies } from "../../../../sandbox/aws/iam/role-policies";

type Iam = Pick<IAMClient, "send">;

/** An IAM where everything was made five seconds ago. */
function iam(Roles = [{}]): Iam {
  const CreateDate = new Date(Date.now() - 5000);
  const Statement = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } };
  const send = async ({ input }: { input: { RoleName?: string; InstanceProfileName?: string } }) => {
    if (input.InstanceProfileName === "none") throw Object.assign(new Error("none"), { name: "NoSuchEntityException" });
    return input.RoleName === undefined
      ? { InstanceProfile: { CreateDate, Arn: "arn:profile", Roles } }
      : { Role: { CreateDate, AssumeRolePolicyDocument: JSON.stringify({ Statement }) } };
  };
  return { send } as unknown as Iam;
}
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

describe("IAM that is late", () => {
  let late: Iam, inTime: Iam;

  beforeEach(() => {
    // A minute is more than any machine takes for a test.
    [late, inTime] = [seenLate(iam(), () => 60_000), seenLate(iam(), () => 5000)];
  });

  it("has a new role for nobody, and for its service once it is seen", async () => {
    expect(await trustsTasks(late, "arn:aws:iam::123456789012:role/new")).to.equal(false);
    expect(await trustsTasks(inTime, "arn:aws:iam::123456789012:role/new")).to.equal(true);
  });

  it("has a new instance profile for no instance, as if it were not there", async () => {
    for (const [who, name] of [
      [late, "new"],
      [inTime, "none"],
    ] as const) {
      expect(await refusal(requireProfile(who, name))).to.equal(
        `InvalidParameterValue: Value (${name}) for parameter iamInstanceProfile.name is invalid. ` +
          "Invalid IAM Instance Profile name",
      );
    }
    expect(await refusal(requireProfile(inTime, "new"))).to.equal("");
    expect(await refusal(requireProfile(iam([]), "new"))).to.contain("has no associated IAM Roles");
  });

  it("holds a role to the rights that it had", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      let reads = 0;
      const send = async () => ({ PolicyNames: [], AttachedPolicies: [], Role: {}, read: reads++ });
      const policies = new RolePolicies({ send } as unknown as Iam);
      await policies.of("host");
      const before = reads;
      policies.forget(10_000);
      mock.timers.tick(9_999);
      await policies.of("host");
      expect(reads).to.equal(before);
      mock.timers.tick(1);
      await policies.of("host");
      expect(reads).to.be.greaterThan(before);
    } finally {
      mock.timers.reset();
    }
  });
});
