import { cbor, dateToTag } from "@smithy/core/cbor";
import { expect } from "chai";
import { cborAction, fromJson, toJson } from "../../../sandbox/aws/cloudwatch-cbor";

describe("CloudWatch in CBOR, in front of moto", () => {
  it("is told from other requests by the path", () => {
    const path = "/service/GraniteServiceVersion20100801/operation/";
    expect(cborAction(`${path}PutMetricData`)).to.equal("PutMetricData");
    expect(cborAction("/")).to.equal(undefined);
    expect(cborAction(`/bucket${path}PutMetricData`)).to.equal(undefined);
    expect(cborAction("/service/Other/operation/PutMetricData")).to.equal(undefined);
  });

  it("becomes JSON, times as seconds", () => {
    const datum = { MetricName: "Heartbeat", Value: 1.5, Timestamp: dateToTag(new Date(1_700_000_000_500)) };
    const body = Buffer.from(cbor.serialize({ Namespace: "n", MetricData: [datum] }) as Uint8Array);
    expect(JSON.parse(toJson(body))).to.deep.equal({
      Namespace: "n",
      MetricData: [{ MetricName: "Heartbeat", Value: 1.5, Timestamp: 1_700_000_000.5 }],
    });
    expect(toJson(Buffer.alloc(0))).to.equal("{}");
  });

  it("is answered with times as such, which moto tells as numbers and as texts", () => {
    const told = { StateUpdatedTimestamp: "2023-11-14T22:13:20Z", Timestamp: 1_700_000_000.5, EvaluationPeriods: "2" };
    const answer = JSON.stringify(cbor.deserialize(fromJson(JSON.stringify({ MetricAlarms: [told] }))));
    expect(JSON.parse(answer)).to.deep.equal({
      MetricAlarms: [
        {
          StateUpdatedTimestamp: { tag: 1, value: 1_700_000_000 },
          Timestamp: { tag: 1, value: 1_700_000_000.5 },
          EvaluationPeriods: 2,
        },
      ],
    });
    expect(cbor.deserialize(fromJson(""))).to.deep.equal({});
  });
});
