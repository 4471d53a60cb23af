/**
 * What a job image for this project holds in reality (Node, npm, the packages, the Pulumi CLI), brought into a job by an
 * archive: the sandbox has no registry of npm packages, and its Alpine repository no Node. Node is this machine's build,
 * with the libraries it loads, at the places where the sandbox's image looks for them.
 */
import { createReadStream, existsSync, realpathSync, statSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { network, projectDir } from "../../sandbox/config";
import { closeServer, listen } from "../../sandbox/aws/server";
import { prepareArtifacts } from "../../sandbox/setup";
import { scratch } from "./scratch";

export interface JobTools {
  /** A job's before_script: afterwards node, npm and pulumi are there, and the providers attached. */
  beforeScript: string[];
  close(): Promise<void>;
}

/** What no preview needs: each job unpacks the archive, and it is the number of files that takes the time. */
const left = [
  ...["*.map", "*.d.ts", "*.d.mts", "*.d.cts", "*.md"],
  // The same modules again, for bundlers.
  ...["*/dist-es", "*/build/esm", "*/build/esnext"],
  // Node is there twice; the program is enough.
  ...["node_modules/node/node_modules"],
  // What the checks and the other stand-ins are made of.
  ...[
    ...[".cache", "eslint*", "@eslint*", "@typescript-eslint", "prettier", "knip", "mocha", "gitlab-ci-local"],
    ...["@sparticuz", "playwright-core"],
    ...["@cloud-copilot", "fastify", "@fastify", "fast-json-stringify", "ajv*", "find-my-way"],
  ].map((name) => `node_modules/${name}`),
];

/** Serves the archive on the sandbox's network. */
export async function serveJobTools(): Promise<JobTools> {
  const { pulumiHome, pulumiVersion } = await prepareArtifacts({ onProgress: () => {} });
  const modules = realpathSync(path.join(projectDir, "node_modules"));
  const npm = await npmFolder();
  const libraries = await librariesOf(path.join(modules, "node", "bin", "node"));
  const rename = (from: string, to: string) => ["--transform", `s,^${from},${to},S`];
  const args = [
    ...["--create", ...left.map((pattern) => `--exclude=${pattern}`)],
    ...rename("node_modules", "opt/tools/node_modules"),
    ...rename("versions", "opt/tools/pulumi/versions"),
    ...rename("npm", "opt/tools/npm"),
    ...["-C", path.dirname(modules), "node_modules", "-C", pulumiHome, "versions", "-C", path.dirname(npm), "npm"],
    ...libraries.flatMap((file) => ["-C", "/", path.relative("/", file)]),
  ];
  const folder = scratch();
  const archive = path.join(folder.dir, "tools.tar");
  await execa("tar", ["--file", archive, ...args]);
  const headers = { "content-length": statSync(archive).size };
  const server = http.createServer((_, response) => {
    // A job that is cancelled hangs up in the middle; curl tells half an archive by its length.
    pipeline(createReadStream(archive), response.writeHead(200, headers)).catch(() => {});
  });
  await listen(server, network.gateway, 0);
  const { port } = server.address() as AddressInfo;
  return {
    close: async () => {
      await closeServer(server);
      folder.remove();
    },
    beforeScript: [
      `curl -sSf http://${network.gateway}:${port}/ | tar -x -C /`,
      "mv /opt/tools/node_modules . && ln -s /opt/tools/npm/bin/npm-cli.js /usr/local/bin/npm",
      `export PATH="$PWD/node_modules/.bin:$PATH" PULUMI_HOME=/opt/tools/pulumi PULUMI_VERSION=${pulumiVersion}`,
      "node --import tsx sandbox/providers/main.ts > .providers 2> .providers.log &",
      'while ! test -s .providers; do kill -0 "$!" || { cat .providers.log; exit 1; }; sleep 0.2; done',
      'export PULUMI_DEBUG_PROVIDERS="$(cat .providers)" PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true',
    ],
  };
}

/** Where the npm on PATH lies that is no shim; of the machine's /usr, packages are there, and not what is on PATH. */
async function npmFolder(): Promise<string> {
  const { stdout } = await execa("which", ["-a", "npm"], { reject: false });
  const found = stdout
    .split("\n")
    .filter(Boolean)
    .map((name) => realpathSync(name));
  const packages = ["/usr/lib/node_modules", "/usr/share/nodejs"].map((folder) => `${folder}/npm/bin/npm-cli.js`);
  const file = [...found, ...packages].find((name) => name.endsWith("npm/bin/npm-cli.js") && existsSync(name));
  if (!file) throw new Error("no npm on this machine");
  return path.dirname(path.dirname(file));
}

/** Without the C library and the loader, which the image has. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await execa("ldd", [program]);
  const names = [...stdout.matchAll(/=> (\/\S+)/g)].map(([, file]) => realFolder(file));
  const files = [...new Set(names.flatMap((name) => [name, realpathSync(name)]))];
  return files.filter((file) => !/\/(libc\.so|ld-linux)/.test(file));
}

/** /lib/… as /usr/lib/…, where one is a link to the other. The name stays, and may be a link to the file beside it. */
const realFolder = (file: string) => path.join(realpathSync(path.dirname(file)), path.basename(file));
