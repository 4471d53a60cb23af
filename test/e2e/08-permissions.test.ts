/**
 * Least privilege, proved on the deployed stack: without any one of the permissions that the roles have, something fails
 * and says which one; what the roles do not have is refused.
 */
import { expect } from "chai";
import {
  CloudWatchLogsClient,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { ECSClient, StopTaskCommand } from "@aws-sdk/client-ecs";
import { accountId, awsEndpoint, region } from "../../sandbox/config";
import { deploy, pulumiOk } from "../support/engine";
import { cachingPipeline } from "../support/caches";
import { onHost } from "../support/host";
import { pushForeignImage } from "../support/images";
import { runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { withSettings } from "../support/stack";
import { runningTask, taskIdOf } from "../support/tasks";
import { until } from "../support/until";
import {
  administrator,
  bounding,
  granted,
  granting,
  roleName,
  trustingOnly,
  without,
  type Granted,
} from "../support/permissions";

const plain = "job:\n  variables: {GIT_STRATEGY: none}\n  script: [echo fine]\n";
let caches = 0;
/** With a cache that is not filled yet. */
const caching = () => cachingPipeline(`permissions-${caches++}`);

const foreign = `${accountId}.dkr.ecr.${region}.amazonaws.com/foreign`;
let pushed = 0;
/** In an image of its own, for which no host has registered a task definition yet. */
async function imaged(): Promise<string> {
  const image = await pushForeignImage("busybox", `${foreign}/busybox:permissions-${pushed++}`);
  return plain.replace("job:\n", `job:\n  image: ${image}\n`);
}
/** Beside it a service that ends at once, of which the job's log tells what it has written. */
async function served(): Promise<string> {
  const name = await pushForeignImage("busybox");
  const service = { name, alias: "broken", entrypoint: ["sh", "-c"], command: ["echo no key is given; exit 3"] };
  return plain.replace("job:\n", `job:\n  services: [${JSON.stringify(service)}]\n`);
}
/** Whether only jobs with images of their own need it. */
const isForImages = ({ action, resource }: Granted) =>
  /-image-|\/foreign\//.test(resource) || action === "ecs:DescribeTaskDefinition";

const run = async (pipeline = plain, more = {}) => {
  const { jobs } = await runWith(pipeline, {}, undefined, more);
  return { jobs, trace: jobs.map((job) => job.trace).join("\n") };
};
/** As the timer starts it: with systemd's environment. */
const reap = () =>
  onHost(
    "systemd-run --wait --pipe --quiet --uid=gitlab-runner " +
      "/opt/gitlab-runner/fargate --config /etc/gitlab-runner/fargate.toml reap 2>&1 || echo failed",
  );

/** The job fails, and its log names the action and a resource. */
async function failsTheJob(permission: Granted): Promise<string> {
  const { action } = permission;
  const { jobs, trace } = await run(isForImages(permission) ? await imaged() : plain);
  expect(jobs[0], trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
  expect(trace).to.match(new RegExp(`not authorized to perform: ${action} on resource: \\S+`));
  expect(trace).to.match(
    new RegExp(`Allow ${action} on \\S+ in the (role of the runner's host|task's execution role)`),
  );
  return trace;
}

/** The same of a pull, where an image that a job names itself fails as the job's own. */
async function failsThePull(permission: Granted): Promise<unknown> {
  if (!isForImages(permission)) return failsTheJob(permission);
  const { jobs, trace } = await run(await imaged());
  expect(jobs[0], trace).to.include({ status: "failed", failure_reason: "script_failure" });
  return expect(trace).to.match(
    new RegExp(
      `busybox:\\S+ cannot be pulled: .*not authorized to perform: ${permission.action} on resource: \\S+foreign`,
    ),
  );
}

/** An image that is not there is found by the task's start, instead of before it. */
async function failsByTheTask(): Promise<void> {
  const absent = (await imaged()).replace(/(image: \S+)/, "$1-absent");
  const { jobs, trace } = await run(absent);
  expect(jobs[0], trace).to.include({ status: "failed", failure_reason: "script_failure" });
  expect(trace)
    .to.match(/busybox:\S+-absent cannot be pulled: CannotPullContainerError/)
    .and.not.contain("is not there");
}

/** What images' configs say, as the host keeps it for later jobs. */
const keptConfigs = "/opt/gitlab-runner/metadata/images";
const kept = async () => (await onHost(`ls ${keptConfigs} 2>/dev/null || true`)).split("\n").filter(Boolean).length;

/** A job works, and nothing is known of its image's config. */
async function readsNoConfig(): Promise<void> {
  await onHost(`rm -rf ${keptConfigs}`);
  const { jobs, trace } = await run(await imaged());
  expect(jobs[0]!.status, trace).to.equal("success");
  expect(await kept()).to.equal(0);
}

/** The job's log says that its cache does not work. */
async function failsTheCache({ action }: Granted): Promise<void> {
  const { trace } = await run(caching(), { brokenCache: true });
  expect(trace).to.match(new RegExp(`not authorized to perform: ${action} on resource: arn:aws:s3:::\\S+`));
}

/** Acts, and waits until a unit of the host has logged that the action was refused. */
async function failsTheUnit(unit: string, { action }: Granted, act: () => Promise<unknown>): Promise<void> {
  const started = Number(await onHost("date +%s"));
  await act();
  const refused = `not authorized to perform: ${action} on resource`;
  const journal = () => onHost(`journalctl --unit ${unit} --since=@${started} --output cat`);
  await until(`"${refused}" in the journal of ${unit}`, async () => (await journal()).includes(refused));
}

/** What fails without a permission, by role and action. A permission that is not here is one too many. */
const proofs: Record<string, (permission: Granted) => Promise<unknown>> = {
  "host ecs:RunTask": failsTheJob,
  "host ecs:DescribeTaskDefinition": failsTheJob,
  "host ecs:RegisterTaskDefinition": failsTheJob,
  "host ecs:TagResource": failsTheJob,
  "host ecs:DescribeTasks": failsTheJob,
  "host ecr:GetAuthorizationToken": failsByTheTask,
  "host ecr:BatchGetImage": failsByTheTask,
  "host ecr:DescribePullThroughCacheRules": failsByTheTask,
  "host ecr:GetDownloadUrlForLayer": readsNoConfig,
  "host iam:PassRole": async (permission) => expect(await failsTheJob(permission)).to.contain(permission.resource),
  "host ecs:StopTask": async () => {
    const { jobs } = await runWith(plain, {
      "Cleanup script failed": async () => {
        const taskArn = await runningTask();
        try {
          // The runner puts what a clean-up says into its own log.
          expect(await onHost("journalctl --unit gitlab-runner --output cat")).to.match(
            /Allow ecs:StopTask on \S+:task\/\S+ in the role of the runner's host/,
          );
          expect(await reap())
            .to.contain("not authorized to perform: ecs:StopTask")
            .and.to.match(/failed$/);
        } finally {
          await ecs.send(new StopTaskCommand({ cluster: taskArn.split("/")[1], task: taskArn }));
        }
      },
    });
    expect(jobs[0].status).to.equal("success");
  },
  "host ecs:ListTasks": async () => {
    expect(await reap())
      .to.contain("not authorized to perform: ecs:ListTasks on resource: *")
      .and.to.match(/failed$/);
  },
  "host s3:GetObject": failsTheCache,
  "host s3:PutObject": failsTheCache,
  "host s3:ListBucket": failsTheCache,
  "execution ecr:GetAuthorizationToken": failsTheJob,
  "execution ecr:BatchGetImage": failsThePull,
  "execution ecr:BatchCheckLayerAvailability": failsThePull,
  "execution ecr:GetDownloadUrlForLayer": failsThePull,
  "execution logs:CreateLogStream": failsTheJob,
  "execution logs:PutLogEvents": async ({ resource }) => expect(await logged(resource, await run())).to.deep.equal([]),
  "host logs:GetLogEvents": async ({ action }) => {
    const { jobs, trace } = await run(await served());
    expect(jobs[0]!.status, trace).to.equal("success");
    expect(trace)
      .to.match(new RegExp(`its log is not here, .*refused ${action}`))
      .and.not.contain("no key is given");
  },
  "host logs:PutLogEvents": (permission) => failsTheUnit("gitlab-runner-log", permission, run),
  "host logs:CreateLogStream": async (permission) => {
    const logGroupName = permission.resource.split(":")[6];
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
    for (const { logStreamName } of logStreams) {
      await logs.send(new DeleteLogStreamCommand({ logGroupName, logStreamName }));
    }
    await failsTheUnit("gitlab-runner-log", permission, run);
  },
  "host cloudwatch:PutMetricData": (permission) =>
    failsTheUnit("gitlab-runner-report", permission, () =>
      onHost("systemctl start gitlab-runner-report.service || true"),
    ),
};

const ecs = new ECSClient(administrator);
const logs = new CloudWatchLogsClient(administrator);

/** The lines in CloudWatch Logs of the task that ran a pipeline's only job. @param group `arn:…:log-group:NAME:*` */
async function logged(group: string, job: { trace: string }): Promise<string[]> {
  const stream = { logGroupName: group.split(":")[6], logStreamNames: [`job/ci-coordinator/${taskIdOf(job)}`] };
  const { events = [] } = await logs.send(new FilterLogEventsCommand(stream));
  return events.map(({ message }) => message!);
}

describe("the roles' permissions", () => {
  useSandbox();

  const folder = scratch();
  /** By role and action. */
  let permissions: Map<string, Granted[]>;
  before("jobs may name images and services", async () => {
    const allowed = [`${foreign}/*`];
    await deploy(await withSettings(folder, { "images.allowed": allowed, "services.allowed": allowed }));
    permissions = new Map();
    for (const part of ["host", "execution"]) {
      for (const one of await granted(await roleName(part))) {
        const key = `${part} ${one.action}`;
        permissions.set(key, [...(permissions.get(key) ?? []), one]);
      }
    }
  });

  after("as it was", async () => {
    await deploy();
    folder.remove();
  });

  it("are all accounted for, and the task role has none", async () => {
    expect([...permissions.keys()]).to.have.members(Object.keys(proofs));
    expect(await granted(await roleName("task"))).to.deep.equal([]);
  });

  it("are enough: a job with a cache works, one in an image of its own or with services too, and its log arrives", async () => {
    const beside = await run(await served());
    expect(beside.jobs[0]!.status, beside.trace).to.equal("success");
    expect(beside.trace).to.contain("no key is given");
    const own = await run(await imaged());
    expect(own.jobs[0]!.status, own.trace).to.equal("success");
    expect(await kept()).to.be.greaterThan(0);
    const { jobs, trace } = await run(caching());
    expect(
      jobs.map((job) => job.status),
      trace,
    ).to.deep.equal(["success", "success"]);
    expect(trace).to.contain("Successfully extracted cache").and.not.to.contain("not authorized");
    const [{ resource }] = permissions.get("execution logs:PutLogEvents")!;
    expect(await logged(resource, await run())).to.have.length.greaterThan(0);
  });

  for (const [what, proof] of Object.entries(proofs)) {
    it(`include none too much: ${what}`, async () => {
      const found = permissions.get(what) ?? [];
      expect(found).to.have.length.greaterThan(0);
      for (const permission of found) await without(permission, () => proof(permission));
    });
  }
});

describe("the trust of the tasks' roles", () => {
  useSandbox();

  for (const part of ["execution", "task"]) {
    it(`is for ECS's tasks: without it the job fails by the ${part} role's name`, async () => {
      const role = await roleName(part);
      const { jobs, trace } = await trustingOnly(role, ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"], () => run());
      expect(jobs[0], trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
      expect(trace).to.contain(`ECS was unable to assume the role 'arn:aws:iam::123456789012:role/${role}'`);
      expect(trace).to.contain("has to let ecs-tasks.amazonaws.com take it");
    });
  }
});

describe("a permissions boundary", () => {
  useSandbox();

  it("bounds what the host's policy allows", async () => {
    const role = await roleName("host");
    const allBut = (NotAction: string) => [{ Effect: "Allow", NotAction, Resource: "*" }];
    await bounding(role, allBut("ecs:RunTask"), async () => {
      const { jobs, trace } = await run();
      expect(jobs[0].status).to.equal("failed");
      expect(trace).to.contain("because no permissions boundary allows the ecs:RunTask action");
    });
    await bounding(role, allBut("ec2:*"), async () => {
      const { jobs, trace } = await run();
      expect(jobs[0].status, trace).to.equal("success");
    });
  });
});

describe("a job's own credentials", () => {
  useSandbox();

  /** Lists the cache bucket: with the task role's credentials, without any, and with the host's, which it cannot get. */
  const job = (bucket: string) => `job:
  variables: {GIT_STRATEGY: none}
  script:
    - |
      credentials=$(curl -s "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
      field() { echo "$credentials" | sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p"; }
      echo "as-$(field RoleArn)"
      curl -s --aws-sigv4 aws:amz:us-east-1:s3 --user "$(field AccessKeyId):$(field SecretAccessKey)" -H "x-amz-security-token: $(field Token)" "${awsEndpoint}/${bucket}?list-type=2"; echo
      echo "unsigned-$(curl -s "${awsEndpoint}/${bucket}?list-type=2")"
      echo "metadata-$(curl -s -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token || echo none)"
`;

  it("open nothing, unless the task role is given a policy; unsigned requests nothing at all", async () => {
    const role = await roleName("task");
    const { stdout } = await pulumiOk(["stack", "output", "cacheBucket"]);
    const bucket = stdout.trim();
    const refused = await run(job(bucket));
    expect(refused.trace).to.contain(`as-arn:aws:iam::123456789012:role/${role}`);
    expect(refused.trace).to.match(
      new RegExp(`assumed-role/${role}/[0-9a-f]{32} is not authorized to perform: s3:ListBucket`),
    );
    expect(refused.trace).to.match(/unsigned-[^]*MissingAuthenticationToken/);
    expect(refused.trace).to.match(/metadata-none/);

    const statement = { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${bucket}` };
    const allowed = await granting(role, statement, () => run(job(bucket)));
    expect(allowed.trace).to.contain("<ListBucketResult").and.not.to.contain("not authorized");
  });
});
