import { expect } from "chai";
import type { IAMClient } from "@aws-sdk/client-iam";
import { requireServiceLinkedRole } from "../../../sandbox/aws/ecs/service-linked-role";
import { answerQuota, quotaAction } from "../../../sandbox/aws/service-quotas";

/** IAM of an account that has never used ECS. */
function newAccount() {
  const calls: string[] = [];
  let made = false;
  const send = async (command: object) => {
    calls.push(command.constructor.name);
    if (command.constructor.name === "CreateRoleCommand") made = true;
    else if (!made) throw Object.assign(new Error("no such role"), { name: "NoSuchEntityException" });
    return {};
  };
  return { iam: { send } as unknown as IAMClient, calls };
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("a new account in the sandbox", () => {
  it("refuses the first capacity providers, whose role comes too late, and takes them the second time", async () => {
    const { iam, calls } = newAccount();
    expect(await failure(requireServiceLinkedRole(iam))).to.contain("Unable to assume the service linked role");
    expect(calls).to.deep.equal(["GetRoleCommand", "CreateRoleCommand"]);
    expect(await failure(requireServiceLinkedRole(iam))).to.equal("");
  });

  it("takes no other failure for a missing role", async () => {
    const send = async () => {
      throw new Error("moto is gone");
    };
    expect(await failure(requireServiceLinkedRole({ send } as unknown as IAMClient))).to.equal("moto is gone");
  });

  it("has 6 vCPU by default, and the sandbox's account more", () => {
    const value = (action: string) => {
      const answer = answerQuota(4000, action, { ServiceCode: "fargate", QuotaCode: "L-36FBB829" });
      return (answer as { Quota: { Value: number } }).Quota.Value;
    };
    expect(value("GetAWSDefaultServiceQuota")).to.equal(6);
    expect(value("GetServiceQuota")).to.be.equal(4000);
    expect(quotaAction({ "x-amz-target": "ServiceQuotasV20190624.GetServiceQuota" })).to.equal("GetServiceQuota");
    expect(quotaAction({ "x-amz-target": "Logs_20140328.PutLogEvents" })).to.equal(undefined);
  });

  it("knows no other quotas, and no other calls", () => {
    expect(() => answerQuota(4000, "GetServiceQuota", { ServiceCode: "ec2", QuotaCode: "L-1" })).to.throw(
      "does not exist",
    );
    expect(() => answerQuota(4000, "RequestServiceQuotaIncrease", {})).to.throw("has no RequestServiceQuotaIncrease");
  });
});
