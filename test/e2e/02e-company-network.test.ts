/**
 * The stack in a company's network: GitLab has names that the company's name server knows, and a certificate of a private
 * authority; the way out is an HTTP proxy.
 */
import { expect } from "chai";
import { mkdirSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { awsEndpoint, gitlabUrl, network } from "../../sandbox/config";
import { deploy, pulumi, pulumiOk } from "../support/engine";
import { onHost } from "../support/host";
import { startHttpProxy, type HttpProxyServer } from "../support/http-proxy";
import { addToHosts, startNameServer, type NameServer } from "../support/name-server";
import { runCi, scriptLines } from "../support/pipelines";
import { scratch, useSandbox } from "../support/sandbox";
import { withSettings } from "../support/stack";
import { until } from "../support/until";
import { makeAuthority, type Authority } from "../support/tls";

/** The deployment's machine knows it, and no host does. */
const strange = "strange.company.test";

/** Runner, artifacts and hosts reach GitLab by the first name and without the proxy, git by the other one and through it. */
const [name, gitName] = ["gitlab.company.test", "git.company.test"];

/** Two jobs: sources and artifacts come from GitLab, and go there. */
const pipeline = `
stages: [one, two]
one:
  stage: one
  script:
    - echo "from $(git remote get-url origin | sed 's,//.*@,//,')"
    - curl --silent --output /dev/null --write-out 'trusted %{http_code}\\n' --cacert "$CI_SERVER_TLS_CA_FILE" $COMPANY_GITLAB
    - curl --silent --output /dev/null $COMPANY_GITLAB || echo "curl ends with $?"
    - echo by-one > made
  artifacts: { paths: [made] }
two:
  stage: two
  script:
    - cat made
    - curl --silent --output /dev/null --write-out 'through the proxy %{http_code}\\n' http://only.the.proxy.knows/
    - echo "role $(curl --silent "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" | grep -c RoleArn)"
`;

describe("a company's network", () => {
  useSandbox();
  const folder = scratch();
  let front: https.Server;
  let proxy: HttpProxyServer;
  let authority: Authority;
  let names: NameServer;
  let forget: () => Promise<unknown>;
  let address: string;
  let gitAddress: string;
  let file: string;

  before("GitLab behind TLS, a proxy, and a stack that is told of both", async () => {
    authority = await authorityIn("own");
    const certificate = await authority.issue([name, gitName, strange].map((one) => `DNS:${one}`).join());
    front = https.createServer(certificate, (request, response) => {
      const { method, url, headers } = request;
      const onward = http.request(`${gitlabUrl}${url}`, { method, headers }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
      });
      onward.on("error", () => response.destroy());
      // GitLab must not answer a request for jobs whose runner is gone.
      response.on("close", () => onward.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => front.listen(0, network.gateway, resolve));
    const { port } = front.address() as AddressInfo;
    [address, gitAddress] = [`${name}:${port}`, `${gitName}:${port}`];
    names = await startNameServer([name, gitName]);
    forget = await addToHosts(folder, [name, gitName, strange]);
    proxy = await startHttpProxy(network.gateway);
    file = await stackOf(authority);
    await deploy(file);
    // A request for jobs that it made before is answered by a job that knows nothing of the new configuration.
    await onHost("systemctl restart gitlab-runner");
  });

  after("as it was", async () => {
    await deploy();
    await forget();
    names.close();
    proxy.close();
    front.closeAllConnections();
    front.close();
    folder.remove();
  });

  function authorityIn(name: string): Promise<Authority> {
    mkdirSync(path.join(folder.dir, name));
    return makeAuthority(path.join(folder.dir, name));
  }

  /** A stack file whose hosts trust this authority, if any; where the deployment runs, the right one is trusted. */
  async function stackOf(trusted?: Authority, cacertFile = authority.file, gitlab = address): Promise<string> {
    const settings = {
      allowPlainHttp: undefined,
      caCertificates: trusted?.pem,
      "network.httpProxy": { url: proxy.url, noProxy: [name, strange] },
      // The sandbox's GitLab tells jobs its own address.
      "runners.cloneUrl": `https://${gitAddress}`,
      "runners.environment": { COMPANY_GITLAB: `https://${address}` },
    };
    const written = await withSettings(folder, settings);
    for (const [key, value] of Object.entries({ baseUrl: `https://${gitlab}/api/v4/`, cacertFile })) {
      await pulumiOk(["config", "set", `gitlab:${key}`, value, "--config-file", written]);
    }
    return written;
  }

  it("gives jobs their sources and artifacts over TLS by name, through the proxy and past it", async () => {
    names.asked.length = 0;
    const { jobs } = await runCi(pipeline);
    const [one, two] = jobs;
    expect([one!.status, two!.status], one!.trace + two!.trace).to.deep.equal(["success", "success"]);
    expect(scriptLines(one!.trace)).to.include.members([
      "trusted 404",
      // What is not told of the authority does not trust it.
      "curl ends with 60",
    ]);
    expect(one!.trace).to.contain(`from https://${gitAddress}/acme/`);
    expect(scriptLines(two!.trace)).to.include("by-one");
    expect(proxy.targets).to.include(gitAddress).and.not.include(address).and.not.include(new URL(gitlabUrl).host);
    // git's name is the proxy's to resolve.
    expect(names.asked).to.include(name).and.not.include(gitName);
    names.asked.length = 0;
    await onHost("systemctl restart gitlab-runner");
    await until("the runner to ask for GitLab's address", () => names.asked.includes(name));
  });

  it("keeps AWS's metadata addresses from the proxy, on the host and in jobs", async () => {
    const { jobs } = await runCi(pipeline);
    const lines = scriptLines(jobs[1]!.trace);
    expect(lines).to.include("role 1");
    expect(lines).to.include("through the proxy 502");
    expect(proxy.targets).to.include("only.the.proxy.knows:80");
    // The driver, too, has asked AWS through the proxy, with credentials of the host's role.
    expect(proxy.targets).to.include(new URL(awsEndpoint).host);
    expect(proxy.targets.filter((target) => target.startsWith("169.254."))).to.deep.equal([]);
  });

  it("is refused where the deployment itself does not trust the certificate, and the setting is named", async () => {
    const { exitCode, all } = await pulumi([
      "preview",
      "--config-file",
      await stackOf(authority, (await authorityIn("no")).file),
    ]);
    expect(exitCode).to.not.equal(0);
    expect(all).to.match(
      new RegExp(
        `gitlab:baseUrl: this machine does not trust the certificate of https://${address}; .*gitlab:cacertFile`,
      ),
    );
  });

  it("is refused where a host finds no address of GitLab's name, which is told, and changes nothing", async () => {
    const stackFile = await stackOf(authority, authority.file, address.replace(name, strange));
    const { exitCode, all } = await pulumi(["up", "--yes", "--skip-preview", "--config-file", stackFile]);
    expect(exitCode).to.not.equal(0);
    expect(all).to.match(/ip-[-\d]+ finds no address of strange\.company\.test, GitLab's name in gitlab:baseUrl/);
    const { jobs } = await runCi("job:\n  script: [echo fine]\n");
    expect(jobs[0]!.status, jobs[0]!.trace).to.equal("success");
  });

  it("is refused where a host does not trust it, with another authority and with none, and changes nothing", async () => {
    for (const stackFile of [await stackOf(await authorityIn("other")), await stackOf()]) {
      const { exitCode, all } = await pulumi(["up", "--yes", "--skip-preview", "--config-file", stackFile]);
      expect(exitCode).to.not.equal(0);
      expect(all)
        .to.contain(`caCertificates: this host does not trust the certificate of https://${address}`)
        .and.contain("curl: (60)");
      const { jobs } = await runCi("job:\n  script: [echo fine]\n");
      expect(jobs[0]!.status, jobs[0]!.trace).to.equal("success");
    }
  });
});
