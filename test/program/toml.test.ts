import { expect } from "chai";
import { parse } from "smol-toml";
import { capacityProviders } from "../../components/jobs/capacity-providers";
import { configToml, type ConfigTomlArgs } from "../../components/gitlab/config-toml";
import { fargateToml } from "../../components/jobs/fargate-toml";
import { allRunnerSettings } from "./support/settings";

const backend = { key: "group/acme/backend", name: "acme/backend", token: "glrt-backend" };
const data = { key: "group/acme/data", name: "data", token: "glrt-data", limit: 2, taskDefinition: "family-large:7" };

const config = (over: Partial<ConfigTomlArgs> = {}) =>
  configToml({ gitlabUrl: "https://git.example.com", concurrency: 10, runners: [backend, data], ...over });

const call = (name: string) => ["--config", "/etc/gitlab-runner/fargate.toml", "custom", name];
const custom = {
  config_exec: "/opt/gitlab-runner/fargate",
  config_args: call("config"),
  config_exec_timeout: 60,
  prepare_exec: "/opt/gitlab-runner/fargate",
  prepare_args: call("prepare"),
  prepare_exec_timeout: 5400,
  run_exec: "/opt/gitlab-runner/fargate",
  run_args: call("run"),
  cleanup_exec: "/opt/gitlab-runner/fargate",
  cleanup_args: call("cleanup"),
  cleanup_exec_timeout: 600,
  graceful_kill_timeout: 120,
  force_kill_timeout: 10,
};
const common = {
  url: "https://git.example.com",
  executor: "custom",
  shell: "bash",
  builds_dir: "/opt/gitlab-runner/builds",
  cache_dir: "/opt/gitlab-runner/cache",
  custom_build_dir: { enabled: true },
  custom,
};

describe("config.toml", () => {
  it("holds every runner, and slots for their long polls beside those of the jobs", () => {
    expect(parse(config())).to.deep.equal({
      concurrent: 12,
      check_interval: 3,
      log_level: "info",
      shutdown_timeout: 300,
      runners: [
        { ...common, name: "acme/backend", token: "glrt-backend", limit: 10 },
        {
          ...common,
          name: "data",
          token: "glrt-data",
          limit: 2,
          environment: ["FARGATE_TASK_DEFINITION=family-large:7"],
        },
      ],
    });
  });

  it("holds what the settings say of a runner, and a slot for each of its requests", () => {
    const settings = { ...allRunnerSettings, environment: { ZONE: "a=b", ALPHA: "1" } };
    const { concurrent, runners } = parse(config({ runners: [backend, { ...data, settings }] }));
    expect(concurrent).to.equal(15);
    expect(runners).to.deep.equal([
      { ...common, name: "acme/backend", token: "glrt-backend", limit: 10 },
      {
        ...common,
        name: "data",
        token: "glrt-data",
        limit: 2,
        environment: ["ALPHA=1", "FARGATE_TASK_DEFINITION=family-large:7", "ZONE=a=b"],
        output_limit: 16384,
        feature_flags: { FF_TIMESTAMPS: false, FF_USE_FASTZIP: true },
        pre_get_sources_script: settings.preGetSourcesScript,
        post_get_sources_script: "git log",
        pre_build_script: "date",
        post_build_script: "df",
        custom_build_dir: { enabled: false },
        clone_url: "https://git.internal",
        request_concurrency: 4,
      },
    ]);
  });

  it("has a line of its own for each entry and no other, which is how old runners' reading is counted", () => {
    const settings = { preBuildScript: "a\n[[runners]]\nb" };
    const text = config({ runners: [{ ...backend, settings }, data] });
    expect(text.split("\n").filter((line) => line === "[[runners]]")).to.have.length(2);
  });

  it("caches in S3 by the host's role, under paths that outlive a token", () => {
    const { runners } = parse(config({ cache: { bucket: "cache-1", region: "eu-central-1" } })) as {
      runners: { cache: unknown }[];
    };
    const cache = {
      Type: "s3",
      Shared: true,
      s3: { AuthenticationType: "iam", BucketName: "cache-1", BucketLocation: "eu-central-1", DualStack: false },
    };
    expect(runners.map((runner) => runner.cache)).to.deep.equal([cache, cache]);
  });

  it("does not depend on the order of the entries", () => {
    expect(config({ runners: [data, backend] })).to.equal(config());
  });

  it("never lets one runner have more jobs than all may have", () => {
    const { runners } = parse(config({ concurrency: 1 })) as { runners: { limit: number }[] };
    expect(runners.map(({ limit }) => limit)).to.deep.equal([1, 1]);
  });

  it("stays valid without any runner", () => {
    expect(parse(config({ runners: [] }))).to.deep.include({ concurrent: 10, runners: [] });
  });

  it("has no expiry, which would make the runner rotate its tokens and write the file", () => {
    expect(config()).to.not.contain("token_expires_at").and.not.contain("token_obtained_at");
  });

  it("keeps text from GitLab within its string", () => {
    const name = 'a"]\n[[runners]]\nname = "b\\';
    const { runners } = parse(config({ runners: [{ ...backend, name }] })) as { runners: { name: string }[] };
    expect(runners.map((runner) => runner.name)).to.deep.equal([name]);
  });

  it("is refused with two runners of one token, without telling it", () => {
    const twin = { ...data, token: backend.token };
    expect(() => config({ runners: [backend, twin] }))
      .to.throw(/^group\/acme\/data and group\/acme\/backend have the same token$/)
      .with.property("message")
      .that.does.not.contain("glrt-");
  });

  it("is refused with a runner without token", () => {
    expect(() => config({ runners: [{ ...backend, token: "" }] })).to.throw(/^group\/acme\/backend: .* no token/);
  });
});

describe("fargate.toml", () => {
  const args = {
    clusterName: "cluster-1",
    region: "eu-central-1",
    subnetIds: ["subnet-a", "subnet-b"],
    securityGroupIds: ["sg-1"],
    taskDefinition: "family-default:7",
    allowedTaskDefinitions: ["family-large", "family-default"],
    maxSize: {},
    assignPublicIp: true,
    capacityProviders: capacityProviders("prefer"),
    maxJobs: 12,
    tags: { "cost center": "ci" },
  };

  it("holds what the driver needs", () => {
    expect(parse(fargateToml(args))).to.deep.equal({
      LogLevel: "info",
      Fargate: {
        Cluster: "cluster-1",
        Region: "eu-central-1",
        Subnets: ["subnet-a", "subnet-b"],
        SecurityGroups: ["sg-1"],
        TaskDefinition: "family-default:7",
        AllowedTaskDefinitions: ["family-default", "family-large"],
        EnablePublicIP: true,
        UsePublicIP: false,
        CapacityProviders: [
          { Name: "FARGATE_SPOT", Weight: 4, Base: 0 },
          { Name: "FARGATE", Weight: 1, Base: 0 },
        ],
        MaxJobs: 12,
        SlotTimeout: "45m",
        CapacityTimeout: "15m",
        AllowedPlatformVersions: [],
        OnDemandFallback: true,
        Tags: { "cost center": "ci" },
      },
      TaskMetadata: { Directory: "/opt/gitlab-runner/metadata" },
      SSH: { Username: "root", Port: 22 },
    });
  });

  it("lets a job ask for what the settings bound, and for nothing else", () => {
    const bounds = (maxSize: object) => {
      const { Fargate } = parse(fargateToml({ ...args, maxSize })) as { Fargate: Record<string, unknown> };
      return Object.fromEntries(Object.entries(Fargate).filter(([key]) => /^Max(?!Jobs)/.test(key)));
    };
    expect(bounds({})).to.deep.equal({});
    expect(bounds({ memory: 8192 })).to.deep.equal({ MaxMemory: 8192 });
    expect(bounds({ cpu: 4096, memory: 8192, ephemeralStorage: 100 })).to.deep.equal({
      MaxCPU: 4096,
      MaxMemory: 8192,
      MaxEphemeralStorage: 100,
    });
  });

  it("starts no task on spot capacity where that is not wanted, and none elsewhere where nothing else is", () => {
    const providers = (spot: "never" | "only") => capacityProviders(spot).map(({ name }) => name);
    expect(providers("never")).to.deep.equal(["FARGATE"]);
    expect(providers("only")).to.deep.equal(["FARGATE_SPOT"]);
    for (const spot of ["never", "only"] as const) {
      expect(fargateToml({ ...args, capacityProviders: capacityProviders(spot) })).not.to.contain("OnDemandFallback");
    }
  });
});
