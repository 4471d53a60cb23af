/** Service Quotas of Fargate, which moto has none of: what the sandbox's account may run, and what a new account may. */
import type { IncomingHttpHeaders } from "node:http";
import { accountId, region } from "../config";
import { AwsError } from "./protocol";

const target = "ServiceQuotasV20190624.";

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html */
const names: Record<string, string> = {
  "L-3032A538": "Fargate On-Demand vCPU resource count",
  "L-36FBB829": "Fargate Spot vCPU resource count",
};

/** vCPU at a time: of the sandbox's account, unless a test gives it less, and of a new one. */
export const ownVcpus = 4000;
const byDefault = 6;

export function quotaAction(headers: IncomingHttpHeaders): string | undefined {
  const named = headers["x-amz-target"];
  return typeof named === "string" && named.startsWith(target) ? named.slice(target.length) : undefined;
}

/**
 * @param own the account's quota
 * @throws AwsError for another call, and for a quota that is not one of Fargate's
 */
export function answerQuota(own: number, action: string, { ServiceCode, QuotaCode }: Record<string, unknown>): object {
  const value = { GetServiceQuota: own, GetAWSDefaultServiceQuota: byDefault }[action];
  if (value === undefined) throw new AwsError("NotImplemented", `The sandbox has no ${action} of Service Quotas.`, 501);
  const code = String(QuotaCode);
  if (ServiceCode !== "fargate" || !(code in names)) {
    throw new AwsError("NoSuchResourceException", "The specified resource does not exist.");
  }
  return {
    Quota: {
      ServiceCode,
      ServiceName: "AWS Fargate",
      QuotaArn: `arn:aws:servicequotas:${region}:${accountId}:fargate/${code}`,
      QuotaCode: code,
      QuotaName: names[code],
      Value: value,
      Unit: "None",
      Adjustable: true,
      GlobalQuota: false,
    },
  };
}
