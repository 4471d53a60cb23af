#!/usr/bin/env node
// Stand-in for pulumi-language-nodejs, which is not published as a module: the part of the LanguageRuntime service
// that `pulumi up`, `preview`, `refresh` and `destroy` use. Programs run as they do under the real one, by
// @pulumi/pulumi's own cmd/run. Limits: it finds no plugins to install (providers are attached to the engine), makes no
// projects or packages (`pulumi new`, `package add`, `install`), and knows npm's layout of node_modules only.
"use strict";

const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const path = require("node:path");

// The engine starts language hosts in the project's folder; the SDK is the project's own, whatever its version.
const projectRequire = createRequire(path.join(process.cwd(), "index.js"));
const grpc = projectRequire("@grpc/grpc-js");
const language = projectRequire("@pulumi/pulumi/proto/language_pb");
const plugin = projectRequire("@pulumi/pulumi/proto/plugin_pb");
const { Empty } = projectRequire("google-protobuf/google/protobuf/empty_pb");
const { LanguageRuntimeService } = projectRequire("@pulumi/pulumi/proto/language_grpc_pb");

/** Exit code of cmd/run when the program failed and has already told the user why. */
const exitAfterTellingUser = 32;

let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
let program;

/** One server-side handler for a call whose answer is ready at once. */
const answer = (make) => (call, callback) => {
  try {
    callback(null, make(call.request));
  } catch (error) {
    callback({ code: grpc.status.INTERNAL, details: error.message });
  }
};

function handshake(request) {
  engineAddress = request.getEngineAddress() || engineAddress;
  return new language.LanguageHandshakeResponse();
}

function about() {
  const response = new language.AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  return response;
}

/** The arguments of cmd/run, in the order in which the published language host gives them. */
function runArguments(request) {
  const info = request.getInfo();
  const options = [
    ["--monitor", request.getMonitorAddress()],
    ["--engine", engineAddress],
    ["--organization", request.getOrganization()],
    ["--project", request.getProject()],
    ["--stack", request.getStack()],
    ["--pwd", info?.getProgramDirectory() || request.getPwd()],
    ["--root-directory", info?.getRootDirectory()],
    ["--parallel", request.getParallel() > 0 ? String(request.getParallel()) : ""],
  ].filter(([, value]) => value);
  const entry = info?.getEntryPoint() || request.getProgram() || ".";
  return [
    projectRequire.resolve("@pulumi/pulumi/cmd/run"),
    ...options.flat(),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    entry,
    ...request.getArgsList(),
  ];
}

function nodeArguments(options) {
  const value = options?.nodeargs;
  return typeof value === "string" ? value.split(/\s+/).filter(Boolean) : [];
}

function run(call, callback) {
  const request = call.request;
  const options = request.getInfo()?.getOptions()?.toJavaScript() ?? {};
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
  };
  const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
  program = spawn(process.execPath, [...nodeArguments(options), ...runArguments(request)], {
    cwd: directory,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const response = new language.RunResponse();
  program.once("error", (error) => callback({ code: grpc.status.INTERNAL, details: error.message }));
  program.once("exit", (code, signal) => {
    if (code === exitAfterTellingUser) response.setBail(true);
    else if (code !== 0) response.setError(`Program exited with ${signal ?? `non-zero exit code: ${code}`}`);
    callback(null, response);
  });
}

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(LanguageRuntimeService, {
  handshake: answer(handshake),
  about: answer(about),
  run,
  getPluginInfo: answer(() => new plugin.PluginInfo()),
  getRequiredPackages: answer(() => new language.GetRequiredPackagesResponse()),
  getRequiredPlugins: answer(() => new language.GetRequiredPluginsResponse()),
  getProgramDependencies: answer(() => new language.GetProgramDependenciesResponse()),
  runtimeOptionsPrompts: answer(() => new language.RuntimeOptionsResponse()),
  installDependencies: (call) => call.end(),
  cancel: answer(() => {
    program?.kill("SIGTERM");
    return new Empty();
  }),
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  // The engine reads the port from the first line.
  process.stdout.write(`${port}\n`);
});
