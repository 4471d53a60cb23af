/** What CloudWatch is told of the deployed system: metrics, the runner's log, alarms, the dashboard. */
import { DescribeAlarmsCommand, GetDashboardCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLogGroupCommand, DeleteLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { ListSubscriptionsByTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { expect } from "chai";
import { awsEndpoint, region } from "../../sandbox/config";
import { cloudwatch, latest, logs, outputs, streamOf, total } from "../support/cloudwatch";
import { cancelJob } from "../support/faults";
import { onHost } from "../support/host";
import { runCi, runWith } from "../support/pipelines";
import { withoutPower } from "../support/power";
import { useSandbox } from "../support/sandbox";
import { until } from "../support/until";
import { stackSecrets } from "../support/stack";

const report = () => onHost("systemctl start gitlab-runner-report.service || true");
/** The timer may be reporting already, from before: reports until one tells it. */
const reported = (what: string, condition: () => Promise<boolean>) =>
  until(`a report of ${what}`, () => report().then(condition));
const units = ["gitlab-runner", "gitlab-runner-reap", "gitlab-runner-report"].map((unit) => `--unit ${unit}.service`);

describe("what CloudWatch is told", () => {
  useSandbox();

  let host: string;
  let groups: { tasks: string; runners: string };
  before(async () => {
    const { hosts, logs: names } = await outputs();
    host = hosts[0].id;
    groups = names;
  });

  describe("metrics", () => {
    it("are put by the timer", async () => {
      expect(await onHost("systemctl is-active gitlab-runner-report.timer")).to.equal("active");
      await report();
      expect(await latest("Heartbeat", host)).to.equal(1);
      expect(await latest("RunningTasks")).to.equal(0);
      expect(await latest("OldestTaskAge")).to.equal(0);
      expect(await latest("DiskUsedPercent", host))
        .to.be.greaterThan(0)
        .and.lessThan(100);
    });

    it("follow a job", async () => {
      let age: number | undefined;
      await runWith("job:\n  script: ['echo here-I\"\"-am', sleep 600]\n", {
        "here-I-am": async ({ id }) => {
          const [tasks, jobs] = [() => latest("RunningTasks"), () => latest("RunningJobs", host)];
          await reported("one task and one job", async () => (await tasks()) === 1 && (await jobs()) === 1);
          age = await latest("OldestTaskAge");
          await cancelJob(id);
        },
      });
      expect(age).to.be.greaterThan(0);
      await reported("no task", async () => (await latest("RunningTasks")) === 0);
    });

    it("tell of tasks that fail to start, and of the jobs that fail by it", async () => {
      await report();
      const before = await total("SystemFailures", host);
      let started = 0;
      await logs.send(new DeleteLogGroupCommand({ logGroupName: groups.tasks }));
      try {
        const { jobs, tasks } = await runCi("job:\n  script: [echo fine]\n");
        expect(jobs[0]).to.include({ status: "failed", failure_reason: "runner_system_failure" });
        started = tasks.started;
      } finally {
        await logs.send(new CreateLogGroupCommand({ logGroupName: groups.tasks }));
      }
      expect(started).to.be.greaterThan(0);
      await reported("tasks that did not start", async () => (await latest("TaskStartFailures"))! >= started);
      expect((await total("SystemFailures", host)) - before).to.equal(1);
    });

    it("tell of a runner that is gone", async () => {
      await onHost("systemctl stop gitlab-runner.service");
      try {
        await reported("a runner that is gone", async () => (await latest("Heartbeat", host)) === 0);
        expect(await onHost("systemctl is-failed gitlab-runner-report.service")).to.equal("failed");
      } finally {
        await onHost("systemctl start gitlab-runner.service");
      }
      await reported("a runner that is back", async () => (await latest("Heartbeat", host)) === 1);
    });
  });

  describe("the runner's log", () => {
    /** An entry's time in ms and its text. */
    type Entry = `${number} ${string}`;
    /** The journal's entries as they have to arrive. */
    const journal = async (after?: string): Promise<Entry[]> => {
      const range = after === undefined ? "" : `--after-cursor='${after}'`;
      const lines = await onHost(
        `journalctl --output=json --output-fields=MESSAGE --all --quiet ${units.join(" ")} ${range}`,
      );
      return lines
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as { __REALTIME_TIMESTAMP: string; MESSAGE: string | number[] })
        .map((entry) => `${Math.floor(Number(entry.__REALTIME_TIMESTAMP) / 1000)} ${text(entry.MESSAGE)}` as const);
    };
    const events = async () =>
      (await streamOf(groups.runners, host)).map(({ timestamp, message }) => ({
        ...(JSON.parse(message!) as { unit: string; message: string }),
        time: timestamp!,
      }));
    const arrived = async (): Promise<Entry[]> =>
      (await events()).map(({ time, message }) => `${time} ${message}` as const);
    /** Resolves once all that the journal has by now has arrived. */
    const complete = async () => {
      const expected = await journal();
      await until("the journal to arrive", async () => without(expected, await arrived()).length === 0);
    };
    /** What has arrived more often than it was written. */
    const repeated = async () => {
      const found = await arrived();
      return without(found, await journal());
    };

    const shipper = () => onHost("systemctl show gitlab-runner-log --property MainPID --value");

    it("arrives, with what the runner says of a job and no token", async () => {
      const { jobs } = await runCi("job:\n  script: ['echo \"I am $CI_JOB_ID.\"']\n");
      const id = /I am (\d+)\./.exec(jobs[0].trace)?.[1];
      await complete();
      const all = await events();
      const ofRunner = all.filter(({ unit }) => unit === "gitlab-runner.service").map(({ message }) => message);
      expect(ofRunner.join("\n")).to.match(new RegExp(`Job succeeded.*job=${id}\\b`));
      for (const secret of Object.values(await stackSecrets())) {
        expect(all.some(({ message }) => message.includes(secret))).to.equal(false);
      }
    });

    it("goes on after the shipper was killed, without a gap, and repeats at most what it had not noted as sent", async () => {
      await complete();
      const known = await repeated();
      const unnoted: Entry[] = [];
      for (let round = 0; round < 2; round++) {
        const killed = await shipper();
        // Stopped first: its note stays as it is read here.
        const cursor = await onHost(
          `kill -STOP ${killed} && cat /var/lib/gitlab-runner-log/cursor && kill -KILL ${killed}`,
        );
        unnoted.push(...(await journal(cursor.trim())));
        await onHost("systemctl reload gitlab-runner.service");
        await runCi("job:\n  script: [echo fine]\n");
        await until("another shipper", async () => !["0", killed].includes(await shipper()));
      }
      await complete();
      expect(without(await repeated(), [...known, ...unnoted])).to.deep.equal([]);
    });

    it("loses nothing of a host that lost its power", async () => {
      await onHost(`kill -STOP ${await shipper()}`);
      await runCi("job:\n  script: [echo fine]\n");
      const written = await journal();
      await withoutPower(async () => {});
      await until("what was written before", async () => without(written, await arrived()).length === 0);
      await complete();
    });
  });

  it("has alarms on host, runner, tasks and disk, and somebody to tell", async () => {
    const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
    const { alarmTopic } = await outputs();
    expect(MetricAlarms.map(({ MetricName }) => MetricName)).to.have.members([
      ...["StatusCheckFailed", "Heartbeat", "SystemFailures", "RefusedRequests", "DiskUsedPercent"],
      ...["TaskStartFailures", "OldestTaskAge"],
    ]);
    for (const { AlarmActions, OKActions } of MetricAlarms) {
      expect([AlarmActions, OKActions]).to.deep.equal([[alarmTopic], [alarmTopic]]);
    }
    const sns = new SNSClient({
      endpoint: awsEndpoint,
      region,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: alarmTopic }));
    expect(Subscriptions.map(({ Protocol, Endpoint }) => [Protocol, Endpoint])).to.deep.equal([
      ["email", "ci@example.com"],
    ]);
  });

  it("has a dashboard with the names that the metrics have", async () => {
    const query = new GetDashboardCommand({ DashboardName: "gitlab-fargate-runners-sandbox" });
    const { DashboardBody = "" } = await cloudwatch.send(query);
    expect(DashboardBody).to.contain(host).and.contain(groups.runners);
  });
});

/** A message with the runner's colours comes as the numbers of its bytes; they are not shipped. */
const text = (message: string | number[]): string =>
  Buffer.from(message as string)
    .toString()
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");

/** The elements of `all` that are left when each of `taken` has taken one that is like it. */
function without<T>(all: T[], taken: T[]): T[] {
  const counts = new Map<T, number>();
  for (const one of taken) counts.set(one, (counts.get(one) ?? 0) + 1);
  return all.filter((one) => {
    const count = counts.get(one) ?? 0;
    counts.set(one, count - 1);
    return count <= 0;
  });
}
