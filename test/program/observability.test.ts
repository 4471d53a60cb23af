import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "smol-toml";
import { hostAlarms, longestTaskLife, stackAlarms } from "../../components/observability/alarm-definitions";
import { FargateRunners } from "../../components/fargate-runners";
import { lookUp } from "../../components/look-ups/look-ups";
import { metricsNamespace } from "../../components/names";
import { parseSettings } from "../../components/settings/settings";
import { projectDir } from "../../sandbox/config";
import { deploy, ofType, only, plain, type Deployment } from "./support/deploy";
import { raw } from "./support/settings";

const run = (settings: Record<string, unknown> = raw()) =>
  deploy(async () => {
    const parsed = parseSettings(settings);
    return new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)) });
  });

const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const topic = "aws:sns/topic:Topic";
const subscription = "aws:sns/topicSubscription:TopicSubscription";
const dashboard = "aws:cloudwatch/dashboard:Dashboard";
const command = "command:remote:Command";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const tags = { "gitlab-fargate-runners:stack": "test" };
const instanceId = "gitlab-runners-host-id";

const script = (deployment: Deployment, suffix: string, part = "create") =>
  String(plain(only(deployment, command, `gitlab-runners-host-${suffix}`).inputs)[part]);
const hostStatements = (deployment: Deployment): { Sid: string; Condition?: unknown; Resource: unknown }[] =>
  JSON.parse(
    plain<{ policy: string }>(only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host").inputs).policy,
  ).Statement;

describe("what is watched", () => {
  let base: Deployment;
  let watched: Deployment;
  before(async () => {
    base = await run();
    watched = await run(raw({ alarms: { email: "ci@example.com" }, dashboard: true }));
    expect([...base.errors, ...watched.errors]).to.deep.equal([]);
  });

  describe("alarms", () => {
    it("are not there unless asked for, and nothing that only they would read", () => {
      const types = base.resources.map(({ type }) => type);
      expect(types).to.not.include.members([alarm]);
      expect(types).to.not.include.members([topic]);
      expect(types).to.not.include.members([subscription]);
      expect(types).to.not.include.members([dashboard]);
      expect(script(base, "report")).to.not.contain("systemctl enable");
      expect(JSON.stringify(plain(base.resources))).to.not.contain("cloudwatch:PutMetricData");
    });

    it("watch the host, the runner, the tasks and the disk, and tell the topic of both ends", () => {
      const topicArn = "arn:aws:sns:eu-central-1:123456789012:gitlab-runners-alarms";
      const found = Object.fromEntries(
        ofType(watched, alarm).map(({ name, inputs }) => {
          const { alarmDescription, alarmActions, okActions, tags: own, ...rest } = plain(inputs);
          expect([alarmActions, okActions, own]).to.deep.equal([[topicArn], [topicArn], tags]);
          expect(alarmDescription).to.contain("docs/operations.md");
          return [name, rest];
        }),
      );
      const own = { namespace: metricsNamespace, period: 60, evaluationPeriods: 1, statistic: "Maximum" };
      const ofStack = { ...own, dimensions: { Stack: "test" }, treatMissingData: "notBreaching" };
      const ofHost = { ...own, dimensions: { Stack: "test", Host: instanceId } };
      const high = { comparisonOperator: "GreaterThanOrEqualToThreshold" };
      expect(found).to.deep.equal({
        "gitlab-runners-host-status-check": {
          ...own,
          ...high,
          namespace: "AWS/EC2",
          metricName: "StatusCheckFailed",
          dimensions: { InstanceId: instanceId },
          evaluationPeriods: 3,
          threshold: 1,
          treatMissingData: "missing",
        },
        "gitlab-runners-host-heartbeat": {
          ...ofHost,
          metricName: "Heartbeat",
          evaluationPeriods: 5,
          comparisonOperator: "LessThanThreshold",
          threshold: 1,
          treatMissingData: "breaching",
        },
        "gitlab-runners-host-system-failures": {
          ...ofHost,
          ...high,
          metricName: "SystemFailures",
          statistic: "Sum",
          period: 300,
          threshold: 5,
          treatMissingData: "notBreaching",
        },
        "gitlab-runners-host-refused": {
          ...ofHost,
          ...high,
          metricName: "RefusedRequests",
          statistic: "Sum",
          period: 3600,
          threshold: 3,
          treatMissingData: "notBreaching",
        },
        "gitlab-runners-host-disk": {
          ...ofHost,
          ...high,
          metricName: "DiskUsedPercent",
          period: 300,
          threshold: 85,
          treatMissingData: "missing",
        },
        "gitlab-runners-alarms-task-start-failures": {
          ...ofStack,
          ...high,
          metricName: "TaskStartFailures",
          threshold: 1,
        },
        "gitlab-runners-alarms-task-age": {
          ...ofStack,
          ...high,
          metricName: "OldestTaskAge",
          threshold: 25 * 3600,
        },
      });
    });

    it("come after the first heartbeat, as its absence is one", () => {
      for (const { dependsOn } of ofType(watched, alarm)) expect(dependsOn).to.include("gitlab-runners-host-report");
    });

    it("go to the address that is given, and to none otherwise", async () => {
      expect(plain(only(watched, subscription).inputs)).to.deep.equal({
        topic: "arn:aws:sns:eu-central-1:123456789012:gitlab-runners-alarms",
        protocol: "email",
        endpoint: "ci@example.com",
      });
      const nobody = await run(raw({ alarms: {} }));
      expect(ofType(nobody, topic)).to.have.length(1);
      expect(ofType(nobody, subscription)).to.be.empty;
      expect(ofType(nobody, dashboard)).to.be.empty;
    });

    it("have thresholds that can be set", async () => {
      const alarms = {
        heartbeatMinutes: 3,
        taskStartFailures: 4,
        systemFailures: 6,
        taskAgeMinutes: 90,
        diskPercent: 70,
      };
      const deployment = await run(raw({ alarms }));
      const of = (name: string) => plain(only(deployment, alarm, `gitlab-runners-${name}`).inputs);
      expect(of("host-heartbeat").evaluationPeriods).to.equal(3);
      expect(of("alarms-task-start-failures").threshold).to.equal(4);
      expect(of("host-system-failures").threshold).to.equal(6);
      expect(of("alarms-task-age").threshold).to.equal(5400);
      expect(of("host-disk").threshold).to.equal(70);
    });

    it("take a task for too old when no entry's job can be running any more", () => {
      expect(longestTaskLife([3600, 7201])).to.equal(121 + 60);
      expect(longestTaskLife([3600, undefined])).to.equal(25 * 60);
    });

    it("are refused with wrong settings, by path", () => {
      const wrong = raw({
        alarms: { email: "nobody", heartbeatMinutes: 1, diskPercent: 100, colour: "red" },
        metrics: { port: 80, allowedCidrs: ["0.0.0.0/0", "here"], allowedSecurityGroupIds: ["group"] },
        logs: { kmsKeyId: "alias/logs" },
        debug: { ecsExec: "yes" },
      });
      expect(() => parseSettings(wrong))
        .to.throw(/alarms\.email: not an e-mail address/)
        .with.property("message")
        .that.matches(/alarms\.heartbeatMinutes: /)
        .and.matches(/alarms\.diskPercent: /)
        .and.matches(/alarms\.colour: unknown key/)
        .and.matches(/metrics\.port: /)
        .and.matches(/metrics\.allowedCidrs\[0\]: would open/)
        .and.matches(/metrics\.allowedCidrs\[1\]: not a network/)
        .and.matches(/metrics\.allowedSecurityGroupIds\[0\]: /)
        .and.matches(/logs\.kmsKeyId: not the ARN of a KMS key/)
        .and.matches(/debug\.ecsExec: /);
    });
  });

  describe("metrics", () => {
    it("have names that the program on the host has, too", () => {
      const source = readFileSync(path.join(projectDir, "driver", "internal", "report", "report.go"), "utf8");
      expect(source).to.contain(`const Namespace = "${metricsNamespace}"`);
      const limits = parseSettings(raw({ alarms: { taskAgeMinutes: 1 } })).alarms!;
      const all = { ...hostAlarms(limits as never), ...stackAlarms(limits as never) };
      for (const { namespace, metricName } of Object.values(all)) {
        if (namespace === metricsNamespace) expect(source).to.contain(`"${metricName}"`);
      }
    });

    it("are put every minute by a user that can read no token", () => {
      const create = script(watched, "report");
      expect(create)
        .to.contain(
          "ExecStart=/opt/gitlab-runner/host-monitor report --region eu-central-1 --stack test " +
            `--host ${instanceId} --cluster gitlab-runners-1a2b3c4 --runner http://127.0.0.1:9252/metrics`,
        )
        .and.match(/^DynamicUser=yes$/m)
        .and.match(/^OnCalendar=\*:\*:15$/m)
        .and.match(/systemctl start gitlab-runner-report\.service/);
    });

    it("may be put in one namespace alone", () => {
      expect(hostStatements(watched).find(({ Sid }) => Sid === "PutMetrics")).to.deep.equal({
        Sid: "PutMetrics",
        Effect: "Allow",
        Action: ["cloudwatch:PutMetricData"],
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": metricsNamespace } },
      });
    });

    it("of the runner are for the host alone", () => {
      expect(plain(only(base, command, "gitlab-runners-host-service").inputs).stdin).to.contain(
        "--listen-address 127.0.0.1:9252",
      );
      expect(ofType(base, ingress).filter(({ inputs }) => inputs.fromPort !== 22)).to.be.empty;
    });

    it("of the runner are for those who are let in, and for nobody else", async () => {
      const metrics = { port: 9300, allowedCidrs: ["10.0.0.0/16"], allowedSecurityGroupIds: ["sg-1"] };
      const deployment = await run(raw({ metrics }));
      expect(plain(only(deployment, command, "gitlab-runners-host-service").inputs).stdin).to.contain(
        "--listen-address 0.0.0.0:9300",
      );
      const rule = {
        securityGroupId: "gitlab-runners-host-id",
        ipProtocol: "tcp",
        fromPort: 9300,
        toPort: 9300,
        description: "Prometheus",
        tags,
      };
      const rules = ofType(deployment, ingress).filter(({ inputs }) => inputs.fromPort !== 22);
      expect(rules.map(({ inputs }) => plain(inputs))).to.have.deep.members([
        { ...rule, cidrIpv4: "10.0.0.0/16" },
        { ...rule, referencedSecurityGroupId: "sg-1" },
      ]);
    });
  });

  describe("logs", () => {
    const group = "aws:cloudwatch/logGroup:LogGroup";

    it("of tasks and runners expire", () => {
      for (const name of ["gitlab-runners", "gitlab-runners-runner"]) {
        expect(plain(only(base, group, name).inputs)).to.deep.equal({ retentionInDays: 30, tags });
      }
    });

    it("are encrypted by the key that is named", async () => {
      const kmsKeyId = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
      const deployment = await run(raw({ logs: { kmsKeyId, retentionDays: 7 } }));
      expect(ofType(deployment, group)).to.have.length(2);
      for (const { inputs } of ofType(deployment, group)) {
        expect(plain(inputs)).to.deep.equal({ retentionInDays: 7, kmsKeyId, tags });
      }
    });

    it("of the runner are copied by a user that can read the journal and no token", () => {
      expect(script(base, "log"))
        .to.contain(
          "ExecStart=/opt/gitlab-runner/host-monitor ship-log --region eu-central-1 " +
            `--log-group gitlab-runners-runner-1a2b3c4 --stream ${instanceId} --unit gitlab-runner.service ` +
            "--unit gitlab-runner-reap.service --unit gitlab-runner-report.service",
        )
        .and.match(/^DynamicUser=yes$/m)
        .and.match(/^SupplementaryGroups=systemd-journal$/m)
        .and.match(/^Restart=always$/m);
    });

    it("may be written by the host to its own group alone", () => {
      expect(hostStatements(base).find(({ Sid }) => Sid === "WriteRunnerLog")).to.deep.include({
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: "arn:aws:logs:eu-central-1:123456789012:log-group:gitlab-runners-runner-1a2b3c4:*",
      });
    });
  });

  describe("the host's monitor", () => {
    it("is compiled after the driver, from this project's own sources", () => {
      const copy = only(base, "command:remote:CopyToRemote", "gitlab-runners-host-monitor-source");
      expect(copy.inputs.source).to.include({ path: "driver/" });
      expect(script(base, "monitor")).to.contain(`cd ${plain(copy.inputs).remotePath}\n`);
      expect(only(base, command, "gitlab-runners-host-monitor-folder").dependsOn).to.include(
        "gitlab-runners-host-driver",
      );
    });

    it("reports no more where no metrics are wanted", () => {
      expect(script(base, "report")).to.contain("disable --now gitlab-runner-report.timer");
      expect(script(watched, "report")).to.contain("restart gitlab-runner-report.timer");
    });
  });

  describe("the dashboard", () => {
    const body = (deployment: Deployment) => {
      const { dashboardName, dashboardBody } = plain<Record<string, string>>(only(deployment, dashboard).inputs);
      expect(dashboardName).to.equal("gitlab-fargate-runners-test");
      return JSON.parse(dashboardBody).widgets as {
        type: string;
        width: number;
        properties: Record<string, unknown>;
      }[];
    };

    it("shows alarms, each metric that hosts put, and the runner's log", () => {
      const widgets = body(watched);
      expect(widgets[0].properties.alarms).to.have.length(7);
      const shown = widgets.flatMap(({ properties }) => (properties.metrics ?? []) as string[][]);
      const own = shown.filter(([namespace]) => namespace === metricsNamespace).map(([, name]) => name);
      expect(own).to.have.members([
        ...["RunningTasks", "OldestTaskAge", "TaskStartFailures"],
        ...["RunningJobs", "SystemFailures", "RefusedRequests", "Heartbeat", "DiskUsedPercent"],
      ]);
      expect(widgets.at(-1)!.properties.query).to.contain("SOURCE 'gitlab-runners-runner-1a2b3c4'");
      for (const { width } of widgets) expect(24 % width).to.equal(0);
    });

    it("has no widget of alarms where there are none", async () => {
      const widgets = body(await run(raw({ dashboard: true })));
      expect(widgets.map(({ type }) => type)).to.not.include("alarm");
    });
  });

  describe("a shell in a task", () => {
    const exec = "gitlab-runners-task-exec";

    it("is not possible unless asked for", () => {
      expect(ofType(base, "aws:iam/rolePolicy:RolePolicy").map(({ name }) => name)).to.not.include(exec);
      expect(JSON.stringify(plain(base.resources))).to.not.match(/EnableExecuteCommand|ssmmessages/);
    });

    it("needs the driver's flag and the agent's permissions in the task role", async () => {
      const deployment = await run(raw({ debug: { ecsExec: true } }));
      const { policy, role } = plain<Record<string, string>>(
        only(deployment, "aws:iam/rolePolicy:RolePolicy", exec).inputs,
      );
      expect(role).to.equal("gitlab-runners-task-id");
      expect(JSON.parse(policy).Statement.flatMap(({ Action }: { Action: string[] }) => Action)).to.deep.equal([
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]);
      expect(plain(only(deployment, command, "gitlab-runners-host-fargate-toml").inputs).stdin).to.contain(
        "EnableExecuteCommand = true",
      );
    });
  });

  describe("links in jobs' logs", () => {
    const driverFile = (deployment: typeof base) =>
      parse(plain<{ stdin: string }>(only(deployment, command, "gitlab-runners-host-fargate-toml").inputs).stdin);

    it("are off unless asked for, as logs can be public", () => {
      expect(driverFile(base)).to.not.have.property("JobLinks");
    });

    it("lead to the task and to its stream in the tasks' log group", async () => {
      const deployment = await run(raw({ debug: { jobLinks: true } }));
      expect(driverFile(deployment).JobLinks).to.deep.equal({
        Task: true,
        LogGroup: "gitlab-runners-1a2b3c4",
        LogStreamPrefix: "job",
      });
    });
  });
});
