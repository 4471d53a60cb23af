"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.UserRunner = void 0;
const pulumi = require("@pulumi/pulumi");
const utilities = require("./utilities");

const properties = [
  "accessLevel",
  "description",
  "groupId",
  "locked",
  "maintenanceNote",
  "maximumTimeout",
  "paused",
  "projectId",
  "runnerType",
  "tagLists",
  "untagged",
];

class UserRunner extends pulumi.CustomResource {
  static get(name, id, state, opts) {
    return new UserRunner(name, state, { ...opts, id });
  }

  static isInstance(obj) {
    return obj?.["__pulumiType"] === UserRunner.__pulumiType;
  }

  constructor(name, argsOrState, opts) {
    const existing = opts?.id !== undefined && opts.id !== null;
    if (!existing && argsOrState?.runnerType === undefined && !opts?.urn) {
      throw new Error("Missing required property 'runnerType'");
    }
    const inputs = Object.fromEntries(properties.map((property) => [property, argsOrState?.[property]]));
    inputs.token = existing ? argsOrState?.token : undefined;
    const secrets = { additionalSecretOutputs: ["token"] };
    super(
      UserRunner.__pulumiType,
      name,
      inputs,
      pulumi.mergeOptions(pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts), secrets),
    );
  }
}
exports.UserRunner = UserRunner;
UserRunner.__pulumiType = "gitlab:index/userRunner:UserRunner";
