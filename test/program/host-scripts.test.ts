import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import * as scripts from "../../components/host/host-scripts";
import { reapService, reapTimer } from "../../components/host/reap-units";
import { systemdUnit } from "../../components/host/systemd-unit";

const download = { url: "https://example.com/it's", sha256: "ab".repeat(32), setting: "host.runner.sha256" };
const all: Record<string, string> = {
  createFolders: scripts.createFolders(),
  installRunner: scripts.installRunner(download),
  installGo: scripts.installGo(download),
  buildDriver: scripts.buildDriver("0123abcd", "https://proxy.example.com,direct", "amd64"),
  writeConfigToml: scripts.writeConfigToml(),
  writeFargateToml: scripts.writeFargateToml("build"),
  startService: scripts.startService(),
  restartService: scripts.restartService(),
  drainService: scripts.drainService(),
  startReaper: scripts.startReaper(reapService(), reapTimer()),
  stopReaper: scripts.stopReaper(),
};

describe("the host's scripts", () => {
  it("name a module proxy only where the settings do", () => {
    expect(scripts.buildDriver("0123abcd", "https://proxy.example.com", "amd64")).to.contain(
      "export GOPROXY='https://proxy.example.com'",
    );
    expect(scripts.buildDriver("0123abcd", undefined, "amd64")).not.to.contain("GOPROXY");
  });

  for (const [name, script] of Object.entries(all)) {
    it(`${name} is valid sh that stops at the first error`, () => {
      const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
      expect(stderr).to.equal("");
      expect(status).to.equal(0);
      expect(script.startsWith("set -eu\n")).to.equal(true);
    });
  }

  it("quote any text for the shell", () => {
    const text = fc.string({ unit: "grapheme" }).filter((s) => !s.includes("\0"));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const script = `printf '%s\\0' ${texts.map(scripts.quote).join(" ")}`;
        const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
        return texts.length === 0 || stdout === texts.map((t) => `${t}\0`).join("");
      }),
      { numRuns: 30 },
    );
  });

  it("restart without waiting, drain with waiting", () => {
    expect(all.restartService).to.contain("systemctl --no-block restart gitlab-runner.service");
    expect(all.drainService).to.contain("systemctl disable --now gitlab-runner.service").and.not.contain("--no-block");
  });

  describe("run", () => {
    let folder: string;
    beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "host-scripts-"))));
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    /** With programs of its own in front of the system's; `sudo` writes down what it was asked for. */
    function run(script: string, programs: Record<string, string>, input = "") {
      const bin = path.join(folder, "bin");
      const log = path.join(folder, "sudo.log");
      fs.mkdirSync(bin);
      fs.writeFileSync(log, "");
      const sudo = `echo "$@" >> ${log}`;
      for (const [name, text] of Object.entries({ sudo, ...programs })) {
        fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      }
      const env = { PATH: `${bin}:${process.env.PATH}` };
      const result = spawnSync("sh", ["-c", script], { encoding: "utf8", env, input });
      return { ...result, sudo: fs.readFileSync(log, "utf8") };
    }

    const curl = 'while [ "$1" != --output ]; do shift; done; echo "$3" > "$2"; printf content >> "$2"';
    const content = `${download.url}\ncontent`;

    it("installs an archive whose checksum is right", () => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      const { status, sudo } = run(scripts.installRunner({ ...download, sha256 }), { curl });
      expect(status).to.equal(0);
      expect(sudo).to.match(
        /^install -m 0755 \/var\/tmp\/\S+ \/usr\/local\/bin\/gitlab-runner\.new\nmv -f \/usr\/local\/bin\/gitlab-runner\.new \/usr\/local\/bin\/gitlab-runner\n$/,
      );
    });

    it("installs nothing when the checksum is wrong, and says so", () => {
      const actual = createHash("sha256").update(content).digest("hex");
      const { status, stderr, sudo } = run(scripts.installGo({ ...download, setting: "host.go.sha256" }), { curl });
      expect(status).to.equal(1);
      expect(stderr).to.equal(`${download.url}: SHA-256 is ${actual}, not ${download.sha256} (host.go.sha256)\n`);
      expect(sudo).to.equal("");
    });

    it("installs nothing when the download fails", () => {
      const { status, sudo } = run(scripts.installRunner(download), { curl: "echo refused >&2; exit 22" });
      expect(status).to.equal(22);
      expect(sudo).to.equal("");
    });

    it("compiles driver and agent, and swaps neither in", () => {
      const go = path.join(folder, "go");
      fs.mkdirSync(path.join(go, "bin"), { recursive: true });
      fs.mkdirSync(path.join(folder, "src", "0123abcd"), { recursive: true });
      const script = scripts
        .buildDriver("0123abcd", "https://proxy.example.com", "arm64")
        .replaceAll("/opt/gitlab-runner/go", go)
        .replaceAll("/opt/gitlab-runner/src", path.join(folder, "src"));
      const compiler = (text: string) =>
        fs.writeFileSync(path.join(go, "bin", "go"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

      compiler('case "$*" in *cmd/fargate) exit 1 ;; esac');
      const broken = run(script, {});
      expect(broken.status).to.equal(1);
      expect(broken.sudo).to.equal("");

      fs.rmSync(path.join(folder, "bin"), { recursive: true });
      compiler(`echo "\${GOARCH:+GOARCH=$GOARCH }CGO_ENABLED=$CGO_ENABLED $*" >> ${folder}/go.log`);
      const { status, sudo } = run(script, {});
      expect(status).to.equal(0);
      const flags = "-trimpath -buildvcs=false -ldflags -s -w";
      expect(fs.readFileSync(path.join(folder, "go.log"), "utf8")).to.equal(
        `GOARCH=arm64 CGO_ENABLED=0 build ${flags} -o ${folder}/src/ci-agent ./cmd/ci-agent\n` +
          `CGO_ENABLED=0 build ${flags} -o ${folder}/src/fargate ./cmd/fargate\n`,
      );
      expect(sudo).to.equal(
        `install -m 0755 ${folder}/src/ci-agent /opt/gitlab-runner/ci-agent.new\n` +
          `install -m 0755 ${folder}/src/fargate /opt/gitlab-runner/fargate.new\n`,
      );
    });

    // As the runner's user, in the folder of the test in the place of /etc.
    const asUser = 'shift 2; exec "$@"';
    const inFolder = (script: string) => script.replaceAll("/etc/gitlab-runner", folder);
    const asRoot = `[ "$1" = rm ] && exec "$@"; ${asUser}`;
    const lint = (exit: string) => ({ sudo: asRoot, "gitlab-runner": exit });
    const writeConfigToml = () =>
      inFolder(scripts.writeConfigToml().replaceAll("/usr/local/bin/gitlab-runner", "gitlab-runner"));

    it("swaps a checked file in, readable by its owner only", () => {
      const { status } = run(writeConfigToml(), lint("exit 0"), "token = 1\n");
      expect(status).to.equal(0);
      const file = path.join(folder, "config.toml");
      expect(fs.readFileSync(file, "utf8")).to.equal("token = 1\n");
      expect(fs.statSync(file).mode & 0o777).to.equal(0o600);
      expect(fs.readdirSync(folder).sort()).to.deep.equal(["bin", "config.toml", "sudo.log"]);
    });

    describe("of a runner that knows no lint yet", () => {
      /** As GitLab Runner 17.9 answers: it ends with 0, and lists what it has read. */
      const older = (...answer: object[]) => {
        const said = answer.map((line) => `echo '${JSON.stringify(line)}' >&2`).join("; ");
        return { sudo: asRoot, "gitlab-runner": `[ "$1" = lint ] && exit 1; [ "$3" = list ] && { ${said}; }` };
      };
      const listing = { ConfigFile: "c", level: "info", msg: "Listing configured runners" };
      const entry = { Executor: "custom", Token: "glrt-secret", URL: "https://git", level: "info", msg: "a" };
      const cannot = { level: "warning", msg: "decoding configuration file: toml: line 7" };
      const toml = 'concurrent = 3\n\n[[runners]]\nname = "a"\n\n[[runners]]\nname = "b"\n';
      const wrong = (listed: unknown) => `the runner reads ${listed} of the 2 entries of config.toml\n`;
      const cases: [string, object[], string, string | undefined][] = [
        ["swaps in a file of which it lists every entry", [listing, entry, entry], toml, undefined],
        ["swaps in a file without entries", [listing], "concurrent = 1\nrunners = []\n", undefined],
        ["keeps the old file where it misses one", [listing, entry], toml, wrong(1)],
        [
          "keeps the old file where it reads none, and says why",
          [cannot],
          toml,
          JSON.stringify(cannot) + "\n" + wrong("none"),
        ],
      ];
      for (const [what, answer, text, complaint] of cases) {
        it(what, () => {
          const file = path.join(folder, "config.toml");
          fs.writeFileSync(file, "old");
          const { status, stderr } = run(writeConfigToml(), older(...answer), text);
          expect([status, stderr]).to.deep.equal([complaint === undefined ? 0 : 1, complaint ?? ""]);
          expect(fs.readFileSync(file, "utf8")).to.equal(complaint === undefined ? text : "old");
          expect(fs.readdirSync(folder).sort()).to.deep.equal(["bin", "config.toml", "sudo.log"]);
        });
      }
    });

    describe("swap the driver in together with its configuration", () => {
      const driver = (name: string, accepts: string) =>
        `#!/bin/sh\n# ${name}\n[ "$1 $3 $4" = "--config custom config" ] && grep -q ${accepts} "$2"\n`;
      /** Runs the script where these files are, and returns its exit code and all files after it. */
      const write = (files: Record<string, string>, toml: string) => {
        const home = path.join(folder, "home");
        fs.mkdirSync(home);
        for (const [name, text] of Object.entries(files))
          fs.writeFileSync(path.join(home, name), text, { mode: 0o755 });
        const script = scripts
          .writeFargateToml("build")
          .replaceAll("/etc/gitlab-runner", home)
          .replaceAll("/opt/gitlab-runner", home);
        const { status } = run(script, { sudo: `case $1 in rm | mv) exec "$@" ;; esac; ${asUser}` }, toml);
        const after = fs.readdirSync(home).map((name) => [name, fs.readFileSync(path.join(home, name), "utf8")]);
        return [status, Object.fromEntries(after)];
      };
      const old = { fargate: driver("old", "old"), "ci-agent": "old agent", "fargate.toml": "old" };

      it("where it reads the file", () => {
        const made = { "fargate.new": driver("new", "new"), "ci-agent.new": "new agent" };
        const swapped = { fargate: made["fargate.new"], "ci-agent": "new agent", "fargate.toml": "new" };
        expect(write({ ...old, ...made }, "new")).to.deep.equal([0, swapped]);
      });

      it("and not where it refuses the file: everything stays", () => {
        const made = { "fargate.new": driver("new", "other"), "ci-agent.new": "new agent" };
        expect(write({ ...old, ...made }, "new")).to.deep.equal([1, { ...old, ...made }]);
      });

      it("where there is no new driver, the file alone", () => {
        expect(write(old, "old and more")).to.deep.equal([0, { ...old, "fargate.toml": "old and more" }]);
      });

      it("again after each other build", () => {
        expect(scripts.writeFargateToml("build")).to.equal(scripts.writeFargateToml("build"));
        expect(scripts.writeFargateToml("build")).to.not.equal(scripts.writeFargateToml("other build"));
      });
    });

    it("writes the units of the reaper as they are, then starts its timer", () => {
      const units = { "it's.service": "a 'b' \\n $c\n", "it.timer": "d % e\n" };
      const script = scripts
        .startReaper(units["it's.service"], units["it.timer"])
        .replaceAll("/etc/systemd/system", folder);
      const sudo = `[ "$1" = tee ] && exec "$@"; echo "$@" >> ${folder}/sudo.log`;
      const result = run(script, { sudo });
      expect(result.status).to.equal(0);
      expect(fs.readFileSync(path.join(folder, "gitlab-runner-reap.service"), "utf8")).to.equal(units["it's.service"]);
      expect(fs.readFileSync(path.join(folder, "gitlab-runner-reap.timer"), "utf8")).to.equal(units["it.timer"]);
      expect(result.sudo.trimEnd().split("\n")).to.deep.equal([
        "systemctl daemon-reload",
        "systemctl enable gitlab-runner-reap.timer",
        "systemctl restart gitlab-runner-reap.timer",
      ]);
    });

    it("prints the host key that Go's SSH clients ask for first, of those that sshd offers", () => {
      const keys = { rsa: "ssh-rsa AAAArsa", ecdsa: "ecdsa-sha2-nistp256 AAAAec", ed25519: "ssh-ed25519 AAAAed" };
      const programs = (offered: string[]) => ({
        getent: "exit 0",
        sudo: `[ "$1" = sshd ] || exit 0; printf '%s\\n' 'port 22' ${offered.map((name) => `'hostkey ${folder}/${name}'`).join(" ")}`,
      });
      const printed = (...offered: string[]) => {
        fs.rmSync(path.join(folder, "bin"), { recursive: true, force: true });
        const { status, stdout, stderr } = run(scripts.createFolders(), programs(offered));
        expect([status, stderr]).to.deep.equal([0, ""]);
        return stdout;
      };
      for (const [name, key] of Object.entries(keys))
        fs.writeFileSync(path.join(folder, `${name}.pub`), `${key} root@host\n`);
      expect(printed("ed25519", "rsa", "ecdsa")).to.equal(`${keys.ecdsa}\n`);
      expect(printed("ed25519", "rsa")).to.equal(`${keys.rsa}\n`);
      expect(printed("missing", "ed25519")).to.equal(`${keys.ed25519}\n`);
      expect(printed("missing")).to.equal("");
    });

    it("restarts the runner when its unit is another one, and only then", () => {
      const script = scripts.restartService().replaceAll("/etc/systemd/system", folder);
      const sudo = `[ "$1" = tee ] && exec "$@"; echo "$@" >> ${folder}/sudo.log`;
      const restarts = (unit: string) => {
        fs.rmSync(path.join(folder, "bin"), { recursive: true, force: true });
        const { status, sudo: log } = run(script, { sudo }, unit);
        expect(status).to.equal(0);
        expect(fs.readFileSync(path.join(folder, "gitlab-runner.service"), "utf8")).to.equal(unit);
        return log;
      };
      const restart = "systemctl daemon-reload\nsystemctl --no-block restart gitlab-runner.service\n";
      const unit = systemdUnit({ version: "19.4.0", sha256: "ab" }, "127.0.0.1:9252");
      expect(restarts(unit)).to.equal(restart);
      expect(restarts(unit)).to.equal("");
      expect(restarts(systemdUnit({ version: "19.4.0", sha256: "cd" }, "127.0.0.1:9252"))).to.equal(restart);
    });

    it("stops a reaper that is there, and does nothing where there is none", () => {
      const stopped = "systemctl disable --now gitlab-runner-reap.timer\nsystemctl stop gitlab-runner-reap.service\n";
      const { status, sudo } = run(scripts.stopReaper(), { systemctl: "exit 0" });
      expect([status, sudo]).to.deep.equal([0, stopped]);
      fs.rmSync(path.join(folder, "bin"), { recursive: true });
      const without = run(scripts.stopReaper(), { systemctl: "exit 1" });
      expect([without.status, without.sudo]).to.deep.equal([0, ""]);
    });

    it("keeps the old file when the check fails, and leaves nothing of the new one", () => {
      const file = path.join(folder, "config.toml");
      fs.writeFileSync(file, "old");
      const { status } = run(writeConfigToml(), lint('[ "$2" = --help ] || { echo broken >&2; exit 1; }'), "new");
      expect(status).to.equal(1);
      expect(fs.readFileSync(file, "utf8")).to.equal("old");
      expect(fs.readdirSync(folder).sort()).to.deep.equal(["bin", "config.toml", "sudo.log"]);
    });
  });
});

describe("the runner's unit", () => {
  const unit = systemdUnit({ version: "19.4.0", sha256: "ab" }, "127.0.0.1:9252");

  it("lets running jobs finish when it stops", () => {
    expect(unit)
      .to.match(/^KillSignal=SIGQUIT$/m)
      .and.match(/^KillMode=mixed$/m)
      .and.match(/^TimeoutStopSec=1d$/m);
  });

  it("reloads without a restart and does not run as root", () => {
    expect(unit)
      .to.match(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
      .and.match(/^User=gitlab-runner$/m);
  });

  it("changes with what is installed, so that a new runner is started", () => {
    expect(systemdUnit({ version: "19.4.0", sha256: "cd" }, "127.0.0.1:9252")).to.not.equal(unit);
  });

  it("tells metrics where it is told to, from the start on", () => {
    expect(unit).to.match(/^ExecStart=.* run .* --listen-address 127\.0\.0\.1:9252$/m);
  });
});

describe("the reaper's units", () => {
  it("run the driver as the runner's user, again and again and after a boot", () => {
    expect(reapService())
      .to.match(/^Type=oneshot$/m)
      .and.match(/^User=gitlab-runner$/m)
      .and.match(/^ExecStart=\/opt\/gitlab-runner\/fargate --config \/etc\/gitlab-runner\/fargate\.toml reap$/m);
    expect(reapTimer())
      .to.match(/^OnBootSec=1min$/m)
      .and.match(/^OnUnitActiveSec=5min$/m)
      .and.match(/^WantedBy=timers\.target$/m);
    // A failed call is followed by the next one all the same, and nothing of the runner waits for it.
    expect(reapService()).not.to.match(/^(Restart|RequiredBy|Before|PartOf)=/m);
  });
});
