import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { parse } from "smol-toml";
import { exportProxy, proxyVariables, unitProxy } from "../../components/host/http-proxy";
import { parseSettings } from "../../components/settings/settings";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const url = "http://proxy.example.com:3128";
const noProxy = [".example.com", "10.0.0.0/8"];
const exceptions = "localhost,127.0.0.1,::1,169.254.169.254,fd00:ec2::254,169.254.170.2,.example.com,10.0.0.0/8";
const variables = {
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  NO_PROXY: exceptions,
  http_proxy: url,
  https_proxy: url,
  no_proxy: exceptions,
};
const withProxy = (over: object = {}) => raw({ network: { httpProxy: { url, noProxy, ...over } } });

describe("an HTTP proxy's settings", () => {
  const refused = (over: object) => errorsOf(withProxy(over)).map((line) => line.replace("network.httpProxy.", ""));

  it("take an address with its port, and a slash behind it", () => {
    for (const good of [url, `${url}/`, "https://10.0.0.1:443", "http://[fd00::1]:3128"]) {
      expect(refused({ url: good }), good).to.deep.equal([]);
    }
    expect(parseSettings(withProxy({ url: `${url}/` })).network.httpProxy).to.deep.equal({ url, noProxy });
  });

  it("refuse an address that programs understand in different ways, or not at all", () => {
    const port = "names no port, and programs take different ones; write http://proxy.example.com:3128";
    expect(refused({ url: "http://proxy.example.com" })).to.deep.equal([`url: ${port}`]);
    for (const bad of ["proxy.example.com:3128", "socks5://proxy:1080", `${url}/path`, "http://proxy:99999"]) {
      expect(refused({ url: bad }).join(), bad).to.match(/^url: not the address of an HTTP proxy, /);
    }
    for (const own of ["http://localhost:3128", "http://127.0.0.1:3128", "http://[::1]:3128"]) {
      expect(refused({ url: own }).join(), own).to.match(/^url: is each machine's own loopback address/);
    }
  });

  it("refuse credentials, and repeat none", () => {
    const told = refused({ url: "http://someone:pass-word@proxy.example.com:3128" });
    expect(told.join())
      .to.match(/^url: holds credentials/)
      .and.not.match(/someone|pass-word/);
  });

  it("take as exceptions what every program knows", () => {
    const known = ["gitlab", "gitlab.example.com", ".example.com", "10.1.2.3", "10.0.0.0/8", "fd00::1", "fd00::/8"];
    expect(refused({ noProxy: known })).to.deep.equal([]);
    expect(refused({ noProxy: ["*.example.com"] }).join()).to.contain(
      "not every program knows the *; write .example.com",
    );
    for (const bad of ["*", "gitlab:443", "a,b", "a b", "a'b", 'a"b', "$(a)", "%h", "fe80::1%eth0", ""]) {
      expect(refused({ noProxy: [bad] }).join(), bad).to.match(/^noProxy\[0\]: /);
    }
  });
});

describe("an HTTP proxy's variables", () => {
  it("are there in either case, with AWS's metadata addresses among the exceptions", () => {
    expect(proxyVariables({ url, noProxy })).to.deep.equal(variables);
    expect(proxyVariables({ url, noProxy: ["::1"] }).NO_PROXY.match(/::1/g)).to.have.length(1);
    expect(proxyVariables(undefined)).to.deep.equal({});
  });

  it("reach what a script starts", () => {
    const script = [...exportProxy({ url, noProxy }), "env"].join("\n");
    const { stdout } = spawnSync("sh", ["-euc", script], { encoding: "utf8", env: { PATH: process.env.PATH } });
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    expect(stdout.split("\n")).to.include.members(lines);
  });
});

describe("a deployment with an HTTP proxy", () => {
  let deployment: Deployment;
  let base: Deployment;
  before(async () => {
    deployment = await run({ ...withProxy(), dashboard: true });
    base = await run(raw({ dashboard: true }));
  });

  const inputs = (suffix: string, of = deployment) =>
    plain<{ create: string; stdin: string }>(only(of, command, `gitlab-runners-host-${suffix}`).inputs);
  const unit = unitProxy({ url, noProxy });

  it("has it in the downloads and builds, before anything that needs it", () => {
    for (const [suffix, needing] of Object.entries({
      runner: "curl --fail",
      go: "curl --fail",
      driver: "/go build",
      monitor: "/go build",
    })) {
      const { create } = inputs(suffix);
      const at = create.indexOf(exportProxy({ url, noProxy }).join("\n"));
      expect(at, suffix).to.be.within(0, create.indexOf(needing));
    }
  });

  it("has it in each unit that talks to GitLab or AWS", () => {
    expect(unit.match(/^Environment="\w+=[^"]+"$/gm)).to.have.length(6);
    expect(inputs("service").stdin).to.contain(`\n${unit}ExecStart=`);
    for (const suffix of ["reap", "log", "report"]) expect(inputs(suffix).create, suffix).to.contain(`\n${unit}`);
  });

  it("has it in the jobs' environment, which an own variable overrides", async () => {
    const environmentOf = (text: string) => {
      const [{ environment }] = (parse(text) as unknown as { runners: { environment: string[] }[] }).runners;
      return Object.fromEntries(environment.map((one) => one.split(/=(.*)/s).slice(0, 2))) as object;
    };
    expect(environmentOf(inputs("config-toml").stdin)).to.deep.equal(variables);
    const own = await run({ ...withProxy(), runners: { environment: { no_proxy: "*" } } });
    expect(environmentOf(inputs("config-toml", own).stdin)).to.deep.equal({ ...variables, no_proxy: "*" });
  });

  it("has no other resources, and nothing of a proxy where there is none", () => {
    const names = (of: Deployment) => of.resources.map(({ urn }) => urn).sort();
    expect(names(deployment)).to.deep.equal(names(base));
    for (const { inputs: own } of ofType(base, command))
      expect(JSON.stringify(plain(own))).to.not.match(/HTTPS?_PROXY/i);
  });
});
