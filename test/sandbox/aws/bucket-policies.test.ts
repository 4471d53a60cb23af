import { expect } from "chai";
import { BucketPolicies, policyBucket } from "../../../sandbox/aws/s3/bucket-policies";

const statement = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" };
const onlyTls = { ...statement, Condition: { Bool: { "aws:SecureTransport": "false" } } };
const put = (policies: BucketPolicies, ...statements: object[]) =>
  policies.handle("PUT", "cache", Buffer.from(JSON.stringify({ Version: "2012-10-17", Statement: statements })));

describe("bucket policies in front of moto", () => {
  it("keep moto from statements whose conditions it would ignore", () => {
    const { forward } = put(new BucketPolicies(), statement, onlyTls);
    expect(JSON.parse(forward!.toString())).to.deep.equal({ Version: "2012-10-17", Statement: [statement] });
  });

  it("are read as they were put, until they are deleted", () => {
    const policies = new BucketPolicies();
    put(policies, onlyTls);
    const { stored } = policies.handle("GET", "cache", Buffer.alloc(0));
    expect(JSON.parse(stored!).Statement).to.deep.equal([onlyTls]);
    policies.handle("DELETE", "cache", Buffer.alloc(0));
    expect(policies.handle("GET", "cache", Buffer.alloc(0)).stored).to.equal(undefined);
  });

  it("are told from objects by the request's path", () => {
    expect(policyBucket("/cache?policy")).to.equal("cache");
    expect(policyBucket("/cache/?policy=")).to.equal("cache");
    expect(policyBucket("/cache/key?policy")).to.equal(undefined);
    expect(policyBucket("/cache")).to.equal(undefined);
  });

  it("that are not JSON are refused", () => {
    expect(() => new BucketPolicies().handle("PUT", "cache", Buffer.from("no"))).to.throw(/valid JSON/);
  });
});
