/** The scripts by which a host trusts private certificate authorities, run on this machine. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import {
  checkGitlab,
  distrustCertificates,
  forgetCertificates,
  trustCertificates,
} from "../../components/host/trust-scripts";
import { scratch } from "../support/scratch";
import { makeAuthority, type Authority } from "../support/tls";
import { authority, selfSigned } from "./support/certificates";
import { only, plain } from "./support/deploy";
import { command, run } from "./support/program";
import { raw } from "./support/settings";

const file = "/opt/gitlab-runner/ca-certificates.pem";

describe("a host that asks GitLab", () => {
  const folder = scratch();
  let server: https.Server;
  let believed: Authority;
  before(async () => {
    believed = await makeAuthority(folder.dir);
    server = https.createServer(await believed.issue("IP:127.0.0.1"), (_, response) => response.writeHead(503).end());
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    folder.remove();
  });
  const url = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const check = (gitlabUrl: string, env: Record<string, string> = {}) =>
    execa("sh", ["-euc", checkGitlab(gitlabUrl).join("\n")], { env, reject: false });

  it("says so where it does not trust the certificate, as curl says it", async () => {
    const { exitCode, stderr } = await check(url());
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(
      /^caCertificates: this host does not trust the certificate of https:\/\/127\.0\.0\.1:\d+\ncurl: \(60\) /,
    );
  });

  it("says nothing where it does, whatever GitLab answers, or where nobody answers", async () => {
    expect(await check(url(), { CURL_CA_BUNDLE: believed.file })).to.include({ exitCode: 0, stderr: "" });
    expect(await check("https://127.0.0.1:1")).to.include({ exitCode: 0, stderr: "" });
  });

  it("says so where GitLab's name has no address, and names itself", async () => {
    // A label may have 63 characters: there is no such name, and no name server is asked.
    const name = `${"g".repeat(64)}.example.com`;
    for (const scheme of ["http", "https"]) {
      const { exitCode, stderr } = await check(`${scheme}://${name}/ci`, { no_proxy: "*" });
      expect(exitCode, scheme).to.equal(1);
      expect(stderr).to.contain(`${os.hostname()} finds no address of ${name}, GitLab's name in gitlab:baseUrl: `);
      expect(stderr).to.match(/\ncurl: \(6\) Could not resolve host/);
    }
  });

  it("does it once its trust is as the settings have it, through its proxy, and not at a plain address", async () => {
    const httpProxy = { url: "http://proxy.example.com:3128", noProxy: [] };
    const check = checkGitlab("https://gitlab.com", httpProxy).join("\n");
    expect(check).to.contain("export 'https_proxy=http://proxy.example.com:3128'");
    for (const [caCertificates, last] of [
      [authority, "trust"],
      [undefined, "config-toml"],
    ]) {
      const deployment = await run(raw({ network: { httpProxy }, ...(caCertificates && { caCertificates }) }));
      const { create } = plain<{ create: string }>(only(deployment, command, `gitlab-runners-host-${last}`).inputs);
      // Nothing of the runner's has changed by then.
      expect(create.indexOf(check), last).to.be.within(1, create.lastIndexOf("mv -f"));
    }
    expect(["http://10.0.0.1:8929", "http://[2001:db8::1]"].flatMap((plain) => checkGitlab(plain))).to.deep.equal([]);
  });
});

describe("a host's trust", () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "trust-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const at = (name: string) => path.join(folder, name);
  const amazon = "/etc/pki/ca-trust/source/anchors";
  const debian = "/usr/local/share/ca-certificates";

  /** On a machine below the folder; its tools write down what they find. */
  function onHost(text: string, input: string) {
    const script = [amazon, debian, "/opt/gitlab-runner"].reduce(
      (said, one) => said.replaceAll(one, `${folder}${one}`),
      text,
    );
    fs.mkdirSync(at("bin"), { recursive: true });
    fs.mkdirSync(at("opt/gitlab-runner"), { recursive: true });
    const tool = `#!/bin/sh\necho "\${0##*/} $*" >> ${at("log")}\n`;
    const programs = { sudo: '#!/bin/sh\nexec "$@"\n', "update-ca-trust": tool, "update-ca-certificates": tool };
    for (const [name, program] of Object.entries(programs))
      fs.writeFileSync(at(`bin/${name}`), program, { mode: 0o755 });
    fs.writeFileSync(at("log"), "");
    const env = { PATH: `${at("bin")}:${process.env.PATH}` };
    // Whatever the login user's umask is.
    const result = spawnSync("sh", ["-c", `umask 077\n${script}`], { encoding: "utf8", env, input });
    return { ...result, log: fs.readFileSync(at("log"), "utf8").split("\n").filter(Boolean) };
  }

  for (const [image, store, update, fresh] of [
    ["Amazon Linux", amazon, "update-ca-trust ", "update-ca-trust "],
    ["Debian", debian, "update-ca-certificates ", "update-ca-certificates --fresh"],
  ]) {
    it(`follows the settings on ${image}`, () => {
      fs.mkdirSync(at(store), { recursive: true });
      const own = at(`${store}/gitlab-fargate-runners.crt`);
      for (const certificates of [authority, selfSigned]) {
        const { status, log } = onHost(trustCertificates(), certificates);
        expect([status, log]).to.deep.equal([0, [update]]);
        for (const one of [at(file), own]) {
          expect(fs.readFileSync(one, "utf8")).to.equal(certificates);
          expect(fs.statSync(one).mode & 0o777).to.equal(0o644);
        }
      }
      const forget = ["set -eu", ...distrustCertificates, ...forgetCertificates].join("\n");
      const { status, log } = onHost(forget, "");
      expect([status, log]).to.deep.equal([0, [fresh]]);
      expect([fs.existsSync(at(file)), fs.existsSync(own)]).to.deep.equal([false, false]);
      expect(onHost(forget, "")).to.deep.include({ status: 0, log: [] });
    });
  }

  it("stays what it was where it would not do for GitLab", () => {
    fs.mkdirSync(at(debian), { recursive: true });
    const own = at(`${debian}/gitlab-fargate-runners.crt`);
    const contents = () => [at(file), own].map((one) => (fs.existsSync(one) ? fs.readFileSync(one, "utf8") : ""));
    const check = checkGitlab("https://gitlab.example.com");
    const believing = (certificates: string) =>
      `#!/bin/sh\n[ "$(cat ${own} 2> /dev/null)" = "${certificates}" ] || exit 60\n`;
    fs.mkdirSync(at("bin"), { recursive: true });
    fs.writeFileSync(at("bin/curl"), believing(authority.trimEnd()), { mode: 0o755 });
    const refused = onHost(trustCertificates(check), selfSigned);
    expect(refused.stderr).to.contain("caCertificates: this host does not trust the certificate of https://gitlab.");
    expect([refused.status, contents()]).to.deep.equal([1, ["", ""]]);
    expect(onHost(trustCertificates(check), authority).status).to.equal(0);
    for (const text of [trustCertificates(check), ["set -eu", ...distrustCertificates, ...check].join("\n")]) {
      const { status, log } = onHost(text, selfSigned);
      expect([status, contents()]).to.deep.equal([1, [authority, authority]]);
      expect(log.at(-1)).to.equal("update-ca-certificates ");
    }
  });

  it("says that a machine image has no store that it knows", () => {
    const { status, stderr } = onHost(trustCertificates(), authority);
    expect(status).to.equal(1);
    expect(stderr).to.contain(
      "caCertificates: the machine image has neither update-ca-trust nor update-ca-certificates",
    );
  });
});
