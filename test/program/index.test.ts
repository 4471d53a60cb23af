import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { FargateRunners } from "../../components/fargate-runners";
import { stackOutputs } from "../../components/outputs";
import program from "../../index";
import { deploy } from "./support/deploy";
import { raw } from "./support/settings";

const console = "https://eu-central-1.console.aws.amazon.com";

describe("index.ts", () => {
  const { stackTraceLimit } = Error;
  after(() => {
    pulumi.runtime.setAllConfig({});
    Error.stackTraceLimit = stackTraceLimit;
  });

  it("tells the stack's outputs", async () => {
    const settings = Object.entries(raw({ projects: ["acme/api"] })).map(([key, value]) => [
      `gitlab-fargate-runners:${key}`,
      JSON.stringify(value),
    ]);
    const gitlab = { "gitlab:token": "glpat-mine", "gitlab:baseUrl": "http://127.0.0.1:1/api/v4/" };
    const all = { ...Object.fromEntries(settings), ...gitlab };
    pulumi.runtime.setAllConfig(all, ["gitlab-fargate-runners:host", "gitlab:token"]);
    let outputs: unknown;
    const { errors } = await deploy(async () => {
      const told = pulumi.output(await program());
      outputs = await new Promise((resolve) => told.apply(resolve));
    });
    expect(errors).to.deep.equal([]);
    expect(outputs).to.deep.equal({
      hosts: [{ id: "gitlab-runners-host-id", privateAddress: "172.31.0.10", publicAddress: "198.51.100.10" }],
      cluster: "gitlab-runners-1a2b3c4",
      image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job@sha256:${"e".repeat(64)}`,
      runners: {
        "group/acme/backend": "gitlab-runners-group/acme/backend-id",
        "project/acme/api": "gitlab-runners-project/acme/api-id",
      },
      cacheBucket: "gitlab-runners-cache-1a2b3c4",
      driver: "bundled",
      logs: { tasks: "gitlab-runners-1a2b3c4", runners: "gitlab-runners-runner-1a2b3c4" },
      console: {
        cluster: `${console}/ecs/v2/clusters/gitlab-runners-1a2b3c4/tasks?region=eu-central-1`,
        taskLog: `${console}/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/gitlab-runners-1a2b3c4`,
        runnerLog: `${console}/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/gitlab-runners-runner-1a2b3c4`,
        hosts: [`${console}/ec2/home?region=eu-central-1#InstanceDetails:instanceId=gitlab-runners-host-id`],
      },
      next: "aws logs tail gitlab-runners-runner-1a2b3c4 --follow --region eu-central-1",
    });
  });

  it("names no console, and no command, where AWS is not Amazon's", async () => {
    const told: object[] = [];
    await deploy(() => {
      const runners = { clusterArn: pulumi.output("arn:aws:ecs:r:1:cluster/c"), logs: {}, hosts: [] };
      for (const endpoint of [undefined, "", "http://127.0.0.1:4566"]) {
        told.push(stackOutputs(runners as unknown as FargateRunners, endpoint));
      }
    });
    expect(told.map((outputs) => ["console", "next"].filter((name) => name in outputs))).to.deep.equal([
      ["console", "next"],
      ["console", "next"],
      [],
    ]);
  });

  it("tells nothing of what there is not", async () => {
    let told = {};
    await deploy(() => {
      const runners = { cacheBucket: undefined, clusterArn: pulumi.output("arn:aws:ecs:r:1:cluster/c"), logs: {} };
      told = stackOutputs(runners as unknown as FargateRunners);
    });
    expect(told).to.not.have.any.keys("cacheBucket", "alarmTopic", "privateKey");
  });

  it("registers nothing when the settings are wrong", async () => {
    pulumi.runtime.setAllConfig({ "gitlab-fargate-runners:spot": "always" });
    const { errors, resources } = await deploy(program);
    expect(errors).to.have.length(1);
    expect(errors[0]).to.contain("spot: ").and.contain("host.adminCidrs: required");
    expect(resources).to.deep.equal([]);
  });
});
