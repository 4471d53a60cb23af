import { expect } from "chai";
import { clusterLink, dashboardLink, hostLink, logLink } from "../../components/observability/console-links";

const frankfurt = { partition: "aws", region: "eu-central-1" };
const console = "https://eu-central-1.console.aws.amazon.com";

describe("links into AWS's console", () => {
  it("name the region and the resource", () => {
    expect(clusterLink(frankfurt, "c")).to.equal(`${console}/ecs/v2/clusters/c/tasks?region=eu-central-1`);
    expect(dashboardLink(frankfurt, "d")).to.equal(
      `${console}/cloudwatch/home?region=eu-central-1#dashboards/dashboard/d`,
    );
    expect(hostLink(frankfurt, "i-1")).to.equal(
      `${console}/ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-1`,
    );
  });

  it("quote a log group's name as the console does", () => {
    expect(logLink(frankfurt, "/a/b")).to.match(/#logsV2:log-groups\/log-group\/\$252Fa\$252Fb$/);
  });

  it("go to the partition's own console", () => {
    expect(hostLink({ partition: "aws-cn", region: "cn-north-1" }, "i-1")).to.match(
      /^https:\/\/cn-north-1\.console\.amazonaws\.cn\//,
    );
    expect(hostLink({ partition: "aws-us-gov", region: "us-gov-west-1" }, "i-1")).to.contain("amazonaws-us-gov.com");
  });
});
