"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const pulumi = require("@pulumi/pulumi");
const { Provider } = require("./provider");
const { UserRunner } = require("./userRunner");
const { resourceOptsDefaults } = require("./utilities");

Object.assign(exports, require("./getGroup"), require("./getProject"), { Provider, UserRunner });

const { version } = resourceOptsDefaults();
pulumi.runtime.registerResourceModule("gitlab", "index/userRunner", {
  version,
  construct: (name, type, urn) => {
    if (type === UserRunner.__pulumiType) return new UserRunner(name, undefined, { urn });
    throw new Error(`unknown resource type ${type}`);
  },
});
pulumi.runtime.registerResourcePackage("gitlab", {
  version,
  constructProvider: (name, type, urn) => {
    if (type === "pulumi:providers:gitlab") return new Provider(name, undefined, { urn });
    throw new Error(`unknown provider type ${type}`);
  },
});
