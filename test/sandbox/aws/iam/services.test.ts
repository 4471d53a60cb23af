/** What the host's statement for jobs' services lets a host read, as the sandbox decides it. */
import { expect } from "chai";
import { serviceStatements } from "../../../../components/iam/services";
import { evaluate } from "../../../../sandbox/aws/iam/evaluate";
import { permissionsOf } from "../../../../sandbox/aws/iam/permissions";
import { parsePolicy } from "../../../../sandbox/aws/iam/policy";

const Statement = serviceStatements("arn:aws:logs:us-east-1:123456789012:log-group:jobs-1");
const identity = [parsePolicy("host", JSON.stringify({ Version: "2012-10-17", Statement }))];

describe("IAM: a host whose jobs may name services", () => {
  const task = "0123456789abcdef0123456789abcdef";
  const calls: [may: boolean, operation: string, logGroupName: string, logStreamName: string][] = [
    [true, "GetLogEvents", "jobs-1", `job/ci-service-1/${task}`],
    [true, "GetLogEvents", "jobs-1", `job/ci-service-8/${task}`],
    [false, "GetLogEvents", "jobs-1", `job/ci-coordinator/${task}`],
    [false, "GetLogEvents", "jobs-1", `job/ci-build/${task}`],
    [false, "GetLogEvents", "jobs-1", `other/job/ci-service-1/${task}`],
    [false, "GetLogEvents", "jobs-12", `job/ci-service-1/${task}`],
    [false, "PutLogEvents", "jobs-1", `job/ci-service-1/${task}`],
    [false, "DeleteLogStream", "jobs-1", `job/ci-service-1/${task}`],
  ];
  for (const [may, operation, logGroupName, logStreamName] of calls) {
    it(`may ${may ? "" : "not "}${operation} of ${logGroupName}, ${logStreamName}`, () => {
      const needed = permissionsOf("logs", operation, { logGroupName, logStreamName });
      expect(needed.every((permission) => evaluate({ identity }, permission).allowed)).to.equal(may);
    });
  }
});
