"use strict";
const pulumi = require("@pulumi/pulumi");

const count = new pulumi.Config().requireNumber("count");
for (let index = 0; index < count; index++) {
  new pulumi.CustomResource("noop:index:Noop", `noop-${index}`, {});
}
