/** The entry of npm's scripts: which Node it takes, and when it has npm install what. */
import { expect } from "chai";
import { execa, type ExecaChildProcess } from "execa";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Readable } from "node:stream";
import { refusedExitCode } from "../../scripts/look.mjs";
import { projectDir } from "../../sandbox/config";

const tsx = { version: "1.0.0", integrity: "sha512-a" };
const mocha = { version: "2.0.0", integrity: "sha512-b", dev: true };
/** The lock file's packages: a deployment's, a development's, another machine's, and a workspace with its link. */
const locked = {
  "": { workspaces: ["sandbox"] },
  "node_modules/tsx": tsx,
  "node_modules/mocha": mocha,
  "node_modules/other-system": { version: "1.0.0", optional: true },
  "node_modules/the-sandbox": { link: true, resolved: "sandbox" },
  sandbox: { name: "the-sandbox" },
};
const deployment = { "node_modules/tsx": tsx };
const all = { ...deployment, "node_modules/mocha": mocha };

interface Options {
  /** The text of the packages' Node. */
  ownNode?: string;
  engines?: string;
  /** npm's record of what is installed; none where an install has not come to its end. */
  installed?: object | undefined;
  /** A recorded package whose folder is not there. */
  lost?: string;
  args?: string[];
  /** What npm does after it has written down its arguments. */
  npm?: string;
  during?: (child: ExecaChildProcess) => Promise<void>;
  /** Namespaces are refused, as in a container. */
  contained?: boolean;
  /** The version that the machine's Node gives itself. */
  node?: string;
  platform?: string;
  /** Of the sandbox's command line. */
  exitCode?: number;
}

/** Runs an entry, which says which Node runs it, in a project with an npm that only writes down what it is called with. */
async function run(options: Options) {
  const {
    ownNode = "#!/no/such/loader\n",
    engines = ">=22",
    args = ["entry.js", "a"],
    npm = "echo added 2 packages",
  } = options;
  const root = mkdtempSync(path.join(os.tmpdir(), "run-"));
  try {
    const write = (name: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    };
    const program = (name: string, text: string) => {
      write(name, text);
      chmodSync(path.join(root, name), 0o755);
    };
    write("package.json", JSON.stringify({ engines: { node: engines } }));
    write("package-lock.json", JSON.stringify({ packages: locked }));
    const installed = "installed" in options ? options.installed : all;
    if (installed) write("node_modules/.package-lock.json", JSON.stringify({ packages: installed }));
    for (const place of Object.keys(installed ?? {})) mkdirSync(path.join(root, place), { recursive: true });
    write("node_modules/tsx/package.json", '{"name":"tsx","exports":"./index.js"}');
    write("node_modules/tsx/index.js", "");
    program("node_modules/.bin/node", ownNode);
    program("node_modules/.bin/tool", "console.log('tool', process.argv.slice(2).join())");
    program("bin/npm", `#!/bin/sh\necho "$*" > ${root}/npm-calls\n${npm}\n`);
    if (options.contained) program("bin/unshare", "#!/bin/sh\necho unshare failed: not permitted >&2\nexit 1\n");
    write(
      "sandbox/cli.ts",
      `console.log('sandbox', process.argv.slice(2).join()); process.exit(${options.exitCode ?? 0})`,
    );
    write("entry.js", "console.log(process.execPath, process.argv.slice(2).join())");
    const { node = process.versions.node, platform = process.platform } = options;
    const other = `process.versions, "node", { value: "${node}" }); Object.defineProperty(process, "platform", { value: "${platform}" }`;
    write("other.cjs", `Object.defineProperty(${other})`);
    if (options.lost) rmSync(path.join(root, options.lost), { recursive: true });
    mkdirSync(path.join(root, "scripts"));
    for (const name of [
      "run.mjs",
      "entry.mjs",
      "look.mjs",
      "look",
      "offer.mjs",
      "person.mjs",
      "packages.mjs",
      "child.mjs",
    ]) {
      cpSync(path.join(projectDir, "scripts", name), path.join(root, "scripts", name), { recursive: true });
    }
    const child = execa(process.execPath, [path.join(root, "scripts", "run.mjs"), ...args], {
      reject: false,
      env: {
        PATH: [path.join(root, "bin"), process.env.PATH].join(path.delimiter),
        NODE_OPTIONS: `--require ${path.join(root, "other.cjs")}`,
      },
    });
    await options.during?.(child);
    const { stdout, stderr, exitCode } = await child;
    const calls = path.join(root, "npm-calls");
    return { stdout, stderr, exitCode, npm: existsSync(calls) ? readFileSync(calls, "utf8").trim() : undefined };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Until a stream has brought a text. */
function written(stream: Readable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = "";
    stream.on("end", () => reject(new Error(`no "${text}" in: ${all}`)));
    stream.on("data", (chunk) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
}

describe("npm's scripts", () => {
  it("run with the packages' Node", async () => {
    const { stdout } = await run({ ownNode: `#!/bin/sh\nexec "${process.execPath}" "$@" of-packages\n` });
    expect(stdout).to.contain("a,of-packages");
  });

  it("run with the machine's where that does not", async () => {
    const { stdout, exitCode } = await run({});
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal(`${process.execPath} a`);
  });

  it("give a machine no packages on which the sandbox cannot run, where they are for the sandbox", async () => {
    const contained = { contained: true, installed: undefined };
    const { stderr, exitCode, npm } = await run({ ...contained, args: ["sandbox/cli.ts", "start"] });
    expect(exitCode).to.equal(1);
    // Who is not root is told that, and no more.
    expect(stderr).to.match(/cannot run on this machine:[^]*(unshare failed: not permitted|needs root)/);
    expect(npm).to.equal(undefined);
    expect((await run(contained)).npm).to.contain("ci");
    // What is up can be looked at and taken down whatever has become of the machine.
    expect((await run({ contained: true, args: ["sandbox/cli.ts", "down"] })).stdout).to.equal("sandbox down");
  });

  it("say on another system what runs there, with all packages there too", async () => {
    for (const installed of [all, undefined]) {
      const { stdout, stderr, exitCode, npm } = await run({
        platform: "darwin",
        installed,
        args: ["sandbox/cli.ts", "start"],
      });
      expect({ stdout, exitCode, npm }).to.deep.equal({ stdout: "", exitCode: 1, npm: undefined });
      expect(stderr)
        .to.contain("needs Linux on x86-64; this is darwin on")
        .and.contain("  npm run preview:mocks ")
        .and.contain("  npm run test:unit ");
    }
    expect((await run({ platform: "win32", args: ["sandbox/cli.ts", "start"] })).stderr).to.contain(", in WSL");
    expect((await run({ platform: "darwin" })).exitCode).to.equal(0);
  });

  it("end with 1 where the sandbox has refused the machine, and pass on any other code", async () => {
    const ended = async (exitCode: number, command: string) =>
      (await run({ exitCode, args: ["sandbox/cli.ts", command] })).exitCode;
    expect(await ended(refusedExitCode, "start")).to.equal(1);
    expect(await ended(130, "start")).to.equal(130);
    expect(await ended(refusedExitCode, "exec")).to.equal(refusedExitCode);
  });

  it("run a tool of the packages too", async () => {
    expect((await run({ args: ["tool", "--check", "."] })).stdout).to.equal("tool --check,.");
  });

  it("say so where neither will do", async () => {
    const { stderr, exitCode } = await run({ engines: ">=99" });
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("it needs >=99");
  });

  it("say so where the machine's Node is too old to find out", async () => {
    const { stderr, exitCode, npm } = await run({ node: "17.9.1", installed: undefined });
    expect({ exitCode, npm }).to.deep.equal({ exitCode: 1, npm: undefined });
    expect(stderr).to.match(/needs Node 18 or later .* this is 17\.9\.1\. Install one/);
    expect((await run({ node: "18.0.0", ownNode: `#!/bin/sh\nexec "${process.execPath}" "$@"\n` })).exitCode).to.equal(
      0,
    );
  });

  const [major, minor] = process.versions.node.split(".").map(Number);
  it("know a Node whose minor version is too old", async () => {
    expect((await run({ engines: `>=${major}.${minor}` })).exitCode).to.equal(0);
    expect((await run({ engines: `>=${major}.${minor + 1}` })).exitCode).to.equal(1);
  });
});

describe("npm's scripts have npm install", () => {
  const forDeployment = ["--deployment", "entry.js"];
  const calls = { deployment: /^ci --omit=dev /, all: /^ci --include=dev / };

  it("nothing where all is there", async () => {
    expect((await run({ installed: all })).npm).to.equal(undefined);
    expect((await run({ installed: all, args: forDeployment })).npm).to.equal(undefined);
  });

  it("a deployment's packages for a deployment, and all for the rest", async () => {
    expect((await run({ installed: undefined, args: forDeployment })).npm).to.match(calls.deployment);
    expect((await run({ installed: undefined })).npm).to.match(calls.all);
    expect((await run({ installed: deployment, args: forDeployment })).npm).to.equal(undefined);
    expect((await run({ installed: deployment })).npm).to.match(calls.all);
  });

  it("all for a deployment too where the machine's Node is too old for it", async () => {
    const { npm } = await run({ installed: deployment, args: forDeployment, engines: ">=99" });
    expect(npm).to.match(calls.all);
  });

  it("what has become outdated, and never less than there was", async () => {
    const old = { ...tsx, version: "0.9.0" };
    const [few, many] = [deployment, all].map((packages) => ({ ...packages, "node_modules/tsx": old }));
    expect((await run({ installed: few, args: forDeployment })).npm).to.match(calls.deployment);
    expect((await run({ installed: many, args: forDeployment })).npm).to.match(calls.all);
    const removed = { ...all, "node_modules/a/node_modules/tsx": old };
    expect((await run({ installed: removed })).npm).to.match(calls.all);
  });

  it("beside the entry's own output, which a program may read", async () => {
    const { stdout, stderr } = await run({ installed: undefined });
    expect(stdout).to.equal(`${process.execPath} a`);
    expect(stderr).to.match(/installing[^]*added 2 packages[^]*installed in \d+ s/);
  });

  it("again what is recorded, but not there: of a deployment's for a deployment, of all for the rest", async () => {
    const lostTool = { lost: "node_modules/mocha" };
    expect((await run({ ...lostTool, args: forDeployment })).npm).to.equal(undefined);
    expect((await run(lostTool)).npm).to.match(calls.all);
    expect((await run({ installed: deployment, lost: "node_modules/tsx", args: forDeployment })).npm).to.match(
      calls.deployment,
    );
  });

  it("to its end when they are interrupted, so that it does not clean up under the next install", async () => {
    const { exitCode, stdout, stderr } = await run({
      installed: undefined,
      npm: "echo started; read line; echo cleaned up; exit 130",
      async during(child) {
        await written(child.stderr!, "started");
        child.kill("SIGINT");
        child.stdin!.end("go on\n");
      },
    });
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 130, stdout: "" });
    expect(stderr).to.contain("cleaned up");
  });

  it("and end where npm fails", async () => {
    const { stdout, stderr, exitCode } = await run({ installed: undefined, npm: "exit 7" });
    expect({ stdout, exitCode }).to.deep.equal({ stdout: "", exitCode: 7 });
    expect(stderr).to.contain("npm ci failed");
  });
});
