import { expect } from "chai";
import { parse } from "smol-toml";
import {
  checkGitlab,
  distrustCertificates,
  forgetCertificates,
  trustCertificates,
} from "../../components/host/trust-scripts";
import { parseSettings } from "../../components/settings/settings";
import { warningsOf } from "../../components/settings/warnings";
import { authority, ofServer, selfSigned } from "./support/certificates";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const file = "/opt/gitlab-runner/ca-certificates.pem";

describe("certificates of private authorities", () => {
  const read = (caCertificates: unknown) => parseSettings(raw({ caCertificates })).caCertificates;
  const told = (caCertificates: unknown) => errorsOf(raw({ caCertificates })).join("\n");

  it("are one text or a list, each once, without what stands around them", () => {
    expect(read(authority)).to.deep.equal([authority]);
    expect(read([authority, selfSigned])).to.deep.equal([authority, selfSigned]);
    expect(read(`Example Root\n=====\n${authority}\n# the other one\n${selfSigned}`)).to.deep.equal([
      authority,
      selfSigned,
    ]);
    expect(read([authority, authority.replaceAll("\n", "\r\n")])).to.deep.equal([authority]);
    expect(parseSettings(raw()).caCertificates).to.deep.equal([]);
  });

  it("are whole, and certificates", () => {
    const changed = authority.replace(/^M/m, "N");
    expect(told(changed)).to.equal(
      "caCertificates: the certificate is cut off, or changed on its way here; set it from its file",
    );
    expect(told(`${authority}${changed}`)).to.contain("caCertificates: certificate 2 of 2 is cut off");
    expect(told(authority.slice(0, 200))).to.contain("caCertificates: its block is cut off, or no certificate");
    expect(told(authority.slice(0, 200) + selfSigned)).to.contain("one of its 2 blocks is cut off");
    expect(told([authority, "/etc/ssl/ca.pem"])).to.contain("caCertificates[1]: not a certificate in PEM format");
    expect(told(42)).to.contain("caCertificates: not a text in PEM format, or a list of such texts");
  });

  it("are those of authorities, or of a server that has signed its own", () => {
    expect(told(ofServer)).to.equal(
      'caCertificates: the certificate is of "CN=gitlab.example.com", which is no certificate authority; ' +
        'it was issued by "CN=Example Root, O=Example"',
    );
    expect(told(selfSigned)).to.equal("");
  });

  it("hold no private key, and nothing of one is repeated", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n";
    expect(told(authority + key))
      .to.match(/^caCertificates: holds a private key/)
      .and.not.match(/MIGH/);
  });

  it("are warned of where they do not count yet, or no longer", () => {
    const settings = parseSettings(raw({ caCertificates: authority }));
    const [name, at] = ['caCertificates: "CN=Example Root, O=Example"', (day: string) => new Date(day)];
    expect(warningsOf(settings, at("2030-01-01"))).to.deep.equal([]);
    expect(warningsOf(settings, at("2020-01-01"))).to.deep.equal([`${name} is valid from 2026-11-27 on only`]);
    expect(warningsOf(settings, at("2040-01-01"))).to.deep.equal([
      `${name} has expired on 2036-11-24; nothing that it has issued is trusted`,
    ]);
  });
});

describe("a deployment with certificates of private authorities", () => {
  let deployment: Deployment;
  let base: Deployment;
  before(async () => {
    deployment = await run(raw({ caCertificates: [authority, selfSigned] }));
    base = await run();
  });

  const named = (of: Deployment, suffix: string) => only(of, command, `gitlab-runners-host-${suffix}`);
  const runnersOf = (of: Deployment) =>
    (parse(plain<string>(named(of, "config-toml").inputs.stdin)) as { runners: Record<string, unknown>[] }).runners;

  it("brings them to the host before its first download", () => {
    const trust = named(deployment, "trust");
    expect(plain(trust.inputs)).to.include({
      create: trustCertificates(checkGitlab("https://gitlab.com")),
      stdin: authority + selfSigned,
    });
    for (const suffix of ["runner", "go"]) {
      expect(named(deployment, suffix).dependsOn, suffix).to.include(trust.name);
    }
  });

  it("names the file to each runner, which hands it to its jobs", () => {
    expect(runnersOf(deployment).map((runner) => runner["tls-ca-file"])).to.deep.equal([file]);
    expect(runnersOf(base)[0]).to.not.have.property("tls-ca-file");
  });

  it("forgets them on every host once the settings do", () => {
    const create = (of: Deployment) => plain<{ create: string }>(named(of, "config-toml").inputs).create;
    expect(create(base)).to.contain(distrustCertificates.join("\n"));
    expect(create(base).endsWith(forgetCertificates.join("\n"))).to.equal(true);
    expect(create(deployment)).to.not.contain(file);
    expect(ofType(base, command).some(({ name }) => name.endsWith("-trust"))).to.equal(false);
  });
});
