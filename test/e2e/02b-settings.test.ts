/** Settings that change what is deployed: each of them once, on the running stack. */
import { expect } from "chai";
import { execa } from "execa";
import { parse } from "smol-toml";
import { quote, writeConfigToml } from "../../components/host/host-scripts";
import { gitlabTokens, gitlabUrl } from "../../sandbox/config";
import { linkName } from "../../sandbox/world/network";
import { cacheFailures, cachingPipeline } from "../support/caches";
import { latest } from "../support/cloudwatch";
import { deploy, pulumi, pulumiOk } from "../support/engine";
import { onHost } from "../support/host";
import { groupId, makeOwnNetwork, placeOf, type OwnNetwork } from "../support/own-network";
import { roleName } from "../support/permissions";
import { runCi, runWith, scriptLines } from "../support/pipelines";
import { status, useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { runningTasks, taskOf } from "../support/tasks";
import { until } from "../support/until";
import { exportStack, previewSteps, withSettings } from "../support/stack";
import { copyTaskDefinition } from "../support/task-definitions";

const up = (file: string) => deploy(file);

/** GitLab's REST API, as an administrator uses it. */
async function gitlab<T>(method: "GET" | "POST", path: string, body?: object): Promise<T> {
  const response = await fetch(`${gitlabUrl}/api/v4${path}`, {
    method,
    headers: { "private-token": gitlabTokens.api.token, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const addresses = async () => (await status()).hosts.filter(({ state }) => state === "running").map((h) => h.address);

describe("settings", () => {
  useSandbox();

  const folder = scratch();
  let first: string;
  let changed: Record<string, unknown>;
  let file: string;
  let brought: { id: number; token: string };
  let own: OwnNetwork;

  before("a second host reached through the first, and runners of every kind", async () => {
    [first] = await addresses();
    const hostKey = await onHost("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    brought = await gitlab("POST", "/user/runners", {
      runner_type: "group_type",
      group_id: 13,
      description: "brought",
    });
    own = await makeOwnNetwork("ci-platform");
    const network = { subnetIds: [own.subnetId], securityGroupIds: [own.securityGroupId] };
    changed = {
      groups: [
        { path: "acme/backend", maximumTimeout: 7200, maintenanceNote: "nightly" },
        12,
        { path: "acme/data", runner: { outputLimit: 16, environment: { SAID: "for one" } } },
      ],
      projects: [{ path: "acme/platform/demo", taskRole: own.taskRole, spot: "never", network }],
      instanceRunners: [{ name: "shared", tags: ["shared"] }],
      runners: { preBuildScript: "echo before the script: $SAID", environment: { SAID: "for all" } },
      sizes: { small: { cpu: 256, memory: 1024 } },
      maxSize: { cpu: 2048, memory: 4096 },
      spot: "prefer",
      // Alpine's gitlab-runner is older than the hosts'.
      "image.packages": ["jq", "gitlab-runner"],
      protect: true,
      "host.count": 2,
      "host.concurrency": 1,
      "host.connection.proxy": { host: first, user: "admin", hostKey },
    };
    const mainPid = await onHost("systemctl show gitlab-runner --property MainPID");
    file = await withSettings(folder, changed);
    const token = ["--path", "gitlab-fargate-runners:groups[2].token", "--secret", "--config-file", file];
    await pulumiOk(["config", "set", ...token, brought.token]);
    await up(file);
    // A new way to the host restarts nothing on it.
    expect(await onHost("systemctl show gitlab-runner --property MainPID", first)).to.equal(mainPid);
  });

  after("as it was", async () => {
    await deploy();
    const { runners } = await status();
    expect(runners.map(({ description }) => description)).to.have.members(["acme/backend", "brought"]);
    // What its entry has no more, GitLab has no more: a month bounds no job.
    const { id } = runners.find(({ description }) => description === "acme/backend")!;
    expect(await gitlab("GET", `/runners/${id}`)).to.include({ maximum_timeout: 2629746, maintenance_note: "" });
    await fetch(`${gitlabUrl}/api/v4/runners/${brought.id}`, {
      method: "DELETE",
      headers: { "private-token": gitlabTokens.api.token },
    });
    await own.remove();
    folder.remove();
  });

  it("have nothing to change when deployed again", async () => {
    const steps = await previewSteps(["--config-file", file]);
    expect(steps.filter(({ op }) => op !== "same")).to.deep.equal([]);
  });

  describe("runners", () => {
    it("of a group by id, a project and the instance take jobs; one with a token of one's own too", async () => {
      const names = (await status()).runners.map(({ description }) => description);
      expect(names).to.have.members(["acme/backend", "group 12", "acme/platform/demo", "shared", "brought"]);
      const job = (tags = "") => `job:\n  script: [echo fine]\n${tags}`;
      const runs: [string, string, string][] = [
        ["acme/frontend", job(), "group 12"],
        ["acme/platform", job(), "acme/platform/demo"],
        ["acme", job("  tags: [shared]\n"), "shared"],
        ["acme/data", job(), "acme/data"],
      ];
      for (const [group, pipeline, runner] of runs) {
        const { jobs } = await runCi(pipeline, group);
        expect(jobs[0].status, jobs[0].trace).to.equal("success");
        expect(jobs[0].trace).to.contain(` on ${runner} `);
      }
    });

    it("with a token of one's own leave it out of the state's plain text", async () => {
      const { text, resources } = await exportStack();
      expect(text).to.not.contain(brought.token);
      expect(resources.filter(({ urn }) => urn.includes("acme/data"))).to.deep.equal([]);
      expect(await onHost("cat /etc/gitlab-runner/config.toml")).to.contain(brought.token);
    });
  });

  it("tell the runner what to do for all jobs, and otherwise for those of one entry", async () => {
    const flood = "job:\n  script: ['for i in $(seq 2000); do echo \"line $i of the flood\"; done']\n";
    const [all, one] = [await runCi(flood, "acme/frontend"), await runCi(flood, "acme/data")].map(
      ({ jobs }) => jobs[0],
    );
    expect([all.status, one.status], one.trace).to.deep.equal(["success", "success"]);
    expect(all.trace).to.contain("before the script: for all").and.contain("line 2000 of the flood");
    expect(one.trace).to.contain("before the script: for one").and.not.contain("line 2000 of the flood");
    expect(one.trace).to.contain("exceeded limit of 16384 bytes");
  });

  it("put metrics of spot capacity, where the stack uses it and has a dashboard", async () => {
    expect(await latest("SpotTasks")).to.be.a("number");
    expect(await latest("SpotInterruptions")).to.equal(0);
  });

  describe("an entry's tasks", () => {
    const script = [
      'echo "role $(curl -s "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" | grep -o "role/[^\\"]*")"',
      'echo own-""task',
      "nc -l -p 9000 > /dev/null",
    ];

    it("have a role, a network and capacity of their own, and the hosts reach them", async () => {
      const { jobs } = await runWith(
        `job:\n  script: ${JSON.stringify(script)}\n`,
        {
          "own-task": async () => {
            const [{ address, capacityProvider }] = await runningTasks();
            expect(capacityProvider).to.equal("FARGATE");
            const { subnetId, groups } = await placeOf(address!);
            expect(subnetId).to.equal(own.subnetId);
            expect(groups).to.have.members(["ci-platform", "CI jobs with other groups: SSH from the runner host only"]);
            await release(address!);
          },
        },
        "acme/platform",
      );
      expect(jobs[0].status, jobs[0].trace).to.equal("success");
      expect(scriptLines(jobs[0].trace)).to.include("role role/ci-platform");
    });

    it("are nobody else's: another entry's job has the stack's role, whatever it asks for", async () => {
      const variables = { FARGATE_TASK_ROLE: own.taskRole, ROLE_ARN: own.taskRole };
      const text = `job:\n  variables: ${JSON.stringify(variables)}\n  script: ${JSON.stringify([script[0]])}\n`;
      const { jobs } = await runCi(text, "acme/frontend");
      expect(jobs[0].status, jobs[0].trace).to.equal("success");
      expect(scriptLines(jobs[0].trace)).to.include(`role role/${await roleName("task")}`);
    });

    it("get nothing that is the stack's own: a preview refuses it", async () => {
      const hosts = await groupId("GitLab runner host: SSH from administrator networks");
      const taskRole = own.taskRole.replace("ci-platform", await roleName("execution"));
      const entry = { path: "acme/platform/demo", taskRole, network: { securityGroupIds: [hosts, "sg-0"] } };
      const wrong = await withSettings(folder, { ...changed, projects: [entry] });
      const { exitCode, all } = await pulumi(["preview", "--config-file", wrong]);
      expect(exitCode).to.not.equal(0);
      const text = all.replace(/\s+/g, " ");
      expect(text)
        .to.match(/projects\[0\]\.taskRole: gitlab-runners-execution-\w+ is a role of the stack sandbox itself/)
        .and.to.match(/projects\[0\]\.network\.securityGroupIds\[0\]: sg-\w+ is a security group of the stack sandbox/)
        .and.to.match(
          /securityGroupIds\[1\]: no security group sg-0 in vpc-\w+ \(.*no matching EC2 Security Group found/,
        );
    });
  });

  describe("sizes", () => {
    const job = (variables: Record<string, string | number>) =>
      runCi(`job:\n  variables: ${JSON.stringify(variables)}\n  script: ['jq --version']\n`);

    it("let a job ask for more within the bounds, on the capacity that its log names, with the packages asked for", async () => {
      const { jobs } = await job({ FARGATE_CPU: 2048, FARGATE_MEMORY: 4096 });
      expect(jobs[0].status, jobs[0].trace).to.equal("success");
      expect(jobs[0].trace).to.match(/jq-1\.\d/);
      const { cpu, memory, capacityProvider } = await taskOf(jobs[0]);
      expect({ cpu, memory }).to.deep.equal({ cpu: 2048, memory: 4096 });
      // `prefer`: four of five are on spot capacity, and which ones is drawn.
      expect(capacityProvider).to.be.oneOf(["FARGATE_SPOT", "FARGATE"]);
      expect(jobs[0].trace).to.contain(`(${capacityProvider} capacity)`);
    });

    it("refuse what is beyond, and name the bound", async () => {
      const { jobs, tasks } = await job({ FARGATE_CPU: 4096, FARGATE_MEMORY: 8192 });
      expect(jobs[0].status).to.equal("failed");
      expect(jobs[0].trace).to.match(/FARGATE_CPU is 4096, more than this runner's limit of 2048/);
      expect(tasks.started).to.equal(0);
    });

    it("let a job choose a task definition of the stack, and no other", async () => {
      const small = await job({ FARGATE_TASK_DEFINITION: "gitlab-fargate-runners-sandbox_small" });
      expect(small.jobs[0].status, small.jobs[0].trace).to.equal("success");
      expect(await taskOf(small.jobs[0])).to.include({ cpu: 256, memory: 1024 });
      const other = await job({ FARGATE_TASK_DEFINITION: "somebody-elses" });
      expect(other.jobs[0].status).to.equal("failed");
      expect(other.jobs[0].trace).to.match(/"somebody-elses", which is not among those that this runner allows/);
      expect(other.tasks.started).to.equal(0);
    });
  });

  describe("an image with the distribution's older gitlab-runner", () => {
    it("has the hosts' version for the jobs' cache all the same, which is filled and found", async () => {
      const { jobs } = await runCi(cachingPipeline("settings", {}, ["/usr/bin/gitlab-runner --version"]));
      const [fill, find] = jobs;
      expect(scriptLines(fill!.trace)).to.include("Version:      18.11.2");
      expect(fill!.trace).to.contain("Created cache").and.not.contain("The image's gitlab-runner");
      expect(find!.trace).to.contain("Successfully extracted cache");
      expect(scriptLines(find!.trace)).to.include("by-fill");
    });

    it("tells the job why there is never a cache where it has no other one", async () => {
      const script = "rm /usr/local/bin/gitlab-runner*; exec /usr/local/bin/docker-entrypoint.sh";
      const { taskDefinition } = await copyTaskDefinition(script);
      const pipeline = cachingPipeline("older", { FARGATE_TASK_DEFINITION: taskDefinition });
      const { jobs } = await runWith(pipeline, {}, undefined, { brokenCache: true });
      for (const { status, trace } of jobs) {
        expect(status, trace).to.equal("success");
        expect(
          trace.split("The image's gitlab-runner is 18.11.2, but the scripts are those of runner 19.4.0: cache:"),
        ).to.have.length(2);
        // What every other run is refused for.
        expect(cacheFailures(trace).join("\n"), trace)
          .to.contain("flag provided but not defined: -alternate-url")
          .and.contain("Failed to extract cache");
        expect(scriptLines(trace)).to.not.include("by-fill");
      }
    });
  });

  describe("hosts", () => {
    it("are in two zones, and all connections to the second came through the first", async () => {
      const found = await addresses();
      expect(found).to.have.length(2);
      const { stdout } = await pulumiOk(["stack", "export"]);
      const zones = JSON.parse(stdout)
        .deployment.resources.filter(({ type }: { type: string }) => type === "aws:ec2/instance:Instance")
        .map(({ outputs }: { outputs: { availabilityZone: string } }) => outputs.availabilityZone);
      expect(new Set(zones).size).to.equal(2);

      const second = found.find((address) => address !== first)!;
      const logins = await onHost("journalctl -u ssh --no-pager -o cat | grep '^Accepted'", second);
      const from = [...logins.matchAll(/ for admin from (\S+) /g)].map(([, address]) => address);
      // The last one is this very look.
      expect(from.length).to.be.greaterThan(5);
      expect(new Set(from.slice(0, -1))).to.deep.equal(new Set([first]));
    });

    it("are believed by the keys that they made at the first contact", async () => {
      const { resources } = await exportStack(["--show-secrets"]);
      const inputs = (name: string) =>
        resources.find(({ urn }) => urn.endsWith(`::${name}-config-toml`)) as unknown as {
          inputs: { connection: string };
        };
      const found = await addresses();
      const names = ["gitlab-runners-host", "gitlab-runners-host-2"];
      const second = found.find((address) => address !== first)!;
      for (const [index, address] of [first, second].entries()) {
        const key = await onHost("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub", address);
        const instance = resources.find(({ urn }) => urn.endsWith(`:Instance::${names[index]}`))!;
        const userData = JSON.parse((instance.outputs!.userData as { plaintext: string }).plaintext) as string;
        // What the instance was made with is known to all who may read its user data.
        expect(userData).to.contain("ed25519_public: ssh-ed25519 ").and.not.contain(key.trim());
        expect(JSON.stringify(inputs(names[index]).inputs)).to.contain(key.trim());
      }
    });

    it("take a config.toml with a runner that has no lint yet, where it reads every entry", async () => {
      const [runner, file] = ["/usr/local/bin/gitlab-runner", "/etc/gitlab-runner/config.toml"];
      const older = `#!/bin/sh\n[ "$1" = lint ] && exit 1\nexec ${runner}.own "$@"`;
      const config = await onHost(`cat ${file}`);
      const write = (text: string) => onHost(`sh -c ${quote(writeConfigToml())}`, undefined, `${text}\n`);
      await onHost(`mv ${runner} ${runner}.own; printf %s ${quote(older)} > ${runner}; chmod 755 ${runner}`);
      try {
        await write(`# the same\n${config}`);
        expect(await onHost(`cat ${file}`)).to.equal(`# the same\n${config}`);
        const refused = await write(config.replace(/^limit = .*$/m, 'limit = "many"')).catch(
          ({ stderr }: { stderr: string }) => stderr,
        );
        expect(refused).to.match(/destination has type integer.*\n.*the runner reads none of the 5 entries/);
        expect(refused).to.not.contain("glrt-");
        expect(await onHost(`cat ${file}`)).to.contain("# the same");
      } finally {
        await onHost(`mv -f ${runner}.own ${runner}`);
        await write(config);
      }
    });

    it("refuse to lose what is protected", async () => {
      const { exitCode, all } = await pulumi(["destroy", "--preview-only", "--config-file", file]);
      expect(exitCode).not.to.equal(0);
      expect(all).to.match(/resource "\S+::gitlab-runners-cache" cannot be deleted\s+because it is protected/);
    });

    it("run jobs at once; the one that is taken away waits for its job, and the other goes on", async () => {
      const second = (await addresses()).find((address) => address !== first)!;
      // A request for jobs that was made before the limit was lowered goes on with the higher one, for as long as each
      // answer to it is a job: this host would take both.
      await onHost("systemctl restart gitlab-runner", first);
      const mainPid = await onHost("systemctl show gitlab-runner --property MainPID", first);
      const one = await withSettings(folder, { ...changed, groups: ["acme/backend"], spot: "only", "host.count": 1 });
      const ready = [barrier(), barrier()];
      const taken = (async () => {
        await Promise.all(ready.map(({ reached }) => reached));
        // Each host has a limit of one: one job is on each.
        for (const address of [first, second]) {
          expect(await onHost("pgrep -c -f '[c]ustom run' || true", address)).to.match(/^[1-9]/);
        }
        const deployed = up(one);
        const state = () => onHost("systemctl is-active gitlab-runner || true", second);
        await until("the second host to be drained", async () => (await state()) === "deactivating");
        expect(await addresses()).to.have.length(2);
        const running = await runningTasks();
        expect(running).to.have.length(2);
        await Promise.all(running.map(({ address }) => release(address!)));
        await deployed;
      })();
      const pipeline = ["left", "right"].map(
        (name) => `${name}:\n  script: ['echo ready-""${name}', 'nc -l -p 9000 > /dev/null', echo let go]\n`,
      );
      const [left, right] = ready.map(({ reach }) => async () => {
        reach();
        await taken;
      });
      const { jobs } = await runWith(pipeline.join(""), { "ready-left": left, "ready-right": right });
      expect(jobs.map(({ status }) => status)).to.deep.equal(["success", "success"]);
      expect(await addresses()).to.deep.equal([first]);
      expect(await onHost("systemctl show gitlab-runner --property MainPID", first)).to.equal(mainPid);

      // What was deployed on the way: spot capacity only.
      const { jobs: next } = await runCi("job:\n  script: [echo fine]\n");
      expect(next[0].status, next[0].trace).to.equal("success");
      expect(await taskOf(next[0])).to.include({ capacityProvider: "FARGATE_SPOT" });
      const { Fargate } = parse(await onHost("cat /etc/gitlab-runner/fargate.toml"));
      expect(Fargate).to.have.property("CapacityProviders");
      expect(Fargate).to.not.have.property("OnDemandFallback");
    });
  });
});

function barrier(): { reached: Promise<void>; reach(): void } {
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { reached, reach: () => reach() };
}

/** Connects to what a job listens with, as soon as it does: from within, as no security group lets anybody else in. */
async function release(address: string): Promise<void> {
  const connect = [
    `--net=/proc/${(await status()).pid}/root/run/netns/${linkName(address)}`,
    "bash",
    "-c",
    "</dev/tcp/127.0.0.1/9000",
  ];
  await until(`a job that listens at ${address}`, async () => {
    const { exitCode } = await execa("nsenter", connect, { reject: false });
    return exitCode === 0;
  });
}
