"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Provider = void 0;
const pulumi = require("@pulumi/pulumi");
const utilities = require("./utilities");

class Provider extends pulumi.ProviderResource {
  static isInstance(obj) {
    return obj?.["__pulumiType"] === "pulumi:providers:gitlab";
  }

  constructor(name, args, opts) {
    // Provider configuration crosses the wire as strings; anything but a string is sent as JSON.
    const json = (value) => pulumi.output(value).apply((v) => (v === undefined ? undefined : JSON.stringify(v)));
    const inputs = {
      baseUrl: args?.baseUrl,
      cacertFile: args?.cacertFile,
      earlyAuthCheck: json(args?.earlyAuthCheck),
      insecure: json(args?.insecure),
      retries: json(args?.retries),
      token: args?.token ? pulumi.secret(args.token) : undefined,
    };
    const secrets = { additionalSecretOutputs: ["token"] };
    super(
      "gitlab",
      name,
      inputs,
      pulumi.mergeOptions(pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts), secrets),
    );
  }
}
exports.Provider = Provider;
Provider.__pulumiType = "gitlab";
