"use strict";
const pulumi = require("@pulumi/pulumi");

// The engine writes each resource's properties down again and again: these have those of a runner.
const count = new pulumi.Config().requireNumber("count");
for (let index = 0; index < count; index++) {
  new pulumi.CustomResource("noop:index:Noop", `gitlab-runners-group/acme/team-${index}`, {
    runnerType: "group_type",
    groupId: index,
    description: `acme/team-${index}`,
    tagLists: [],
    untagged: true,
    locked: false,
    paused: false,
    accessLevel: "not_protected",
  });
}
