"use strict";
const { remote } = require("@pulumi/command");
const gitlab = require("@pulumi/gitlab");
const pulumi = require("@pulumi/pulumi");

// What no program with this result can do without: each group is looked up by its path and has a runner with a secret
// token, in components of two levels, and one secret file holds all tokens. As many resources that do nothing make up
// for the rest of the program that this one is measured against.
const config = new pulumi.Config();
const paths = Array.from({ length: config.requireNumber("groups") }, (_, index) => `acme/team-${index}`);

const component = (type, name, parent) =>
  new pulumi.ComponentResource(`gitlab-fargate-runners:index:${type}`, name, {}, { parent });

module.exports = async () => {
  const owners = await Promise.all(paths.map((fullPath) => gitlab.getGroup({ fullPath })));
  const all = component("FargateRunners", "gitlab-runners");
  const parent = component("RunnerTokens", "gitlab-runners", all);
  const runners = paths.map(
    (path, index) =>
      new gitlab.UserRunner(
        `gitlab-runners-group/${path}`,
        {
          runnerType: "group_type",
          groupId: owners[index].groupId,
          description: path,
          tagLists: [],
          untagged: true,
          locked: false,
          paused: false,
          accessLevel: "not_protected",
          maximumTimeout: 2629746,
          maintenanceNote: "",
        },
        { parent },
      ),
  );
  const file = pulumi
    .all(runners.map(({ token }) => token))
    .apply((tokens) => tokens.map((token, index) => section(paths[index], token)).join("\n"));
  const connection = { host: "172.31.0.10", user: "ec2-user", privateKey: pulumi.secret("key") };
  const command = { create: "cat > /etc/gitlab-runner/config.toml", stdin: file, addPreviousOutputInEnv: false };
  const secrets = { additionalSecretOutputs: ["stdout", "stderr"] };
  new remote.Command("config-toml", { connection, ...command }, { parent: all, ...secrets });
  const rest = config.requireNumber("count") - paths.length - 3;
  for (let index = 0; index < rest; index++) {
    new pulumi.CustomResource("noop:index:Noop", `rest-${index}`, { description: `${index}` }, { parent: all });
  }
};

/** A runner's part of the program's own config.toml. */
const section = (name, token) => `[[runners]]
name = "${name}"
url = "https://gitlab.com"
token = "${token}"
limit = 10
executor = "custom"
shell = "bash"
builds_dir = "/opt/gitlab-runner/builds"
cache_dir = "/opt/gitlab-runner/cache"

[runners.custom_build_dir]
enabled = true

[runners.custom]
${["config", "prepare", "run", "cleanup"].map(stage).join("\n")}
graceful_kill_timeout = 120
force_kill_timeout = 10

[runners.cache]
Type = "s3"
Shared = true

[runners.cache.s3]
AuthenticationType = "iam"
BucketName = "gitlab-runners-cache-1a2b3c4"
BucketLocation = "eu-central-1"
DualStack = false
`;

const stage = (name) => `${name}_exec = "/opt/gitlab-runner/fargate"
${name}_args = [ "--config", "/etc/gitlab-runner/fargate.toml", "custom", "${name}" ]
${name}_exec_timeout = 600`;
