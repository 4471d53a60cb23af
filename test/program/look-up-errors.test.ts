import { expect } from "chai";
import { gitlabTrouble, imageTrouble, vpcTrouble } from "../../components/look-ups/errors";
import { parseSettings } from "../../components/settings/settings";
import { raw } from "./support/settings";

const url = "https://git.example.com";
const { entries } = parseSettings(raw({ groups: ["acme/backend"], projects: ["acme/api/app"] }));
const [group, project] = entries;
const invoke = (said: string) => new Error(`invocation of gitlab:index/getGroup:getGroup returned an error: ${said}`);

describe("what a failed look-up means", () => {
  const gitlab: [string, string, RegExp][] = [
    [
      "a wrong token",
      `GET ${url}/api/v4/groups/acme%2Fbackend: 401 {message: 401 Unauthorized}`,
      /^gitlab:token: .* knows no such token; make one with the scopes .*pulumi config set gitlab:token --secret/,
    ],
    [
      "no token at all",
      "no token: set gitlab:token in the stack's configuration (as a secret)",
      /^gitlab:token: required; make one with the scopes .*pulumi config set gitlab:token --secret/,
    ],
    [
      "no token at all, in the provider's own words",
      "No GitLab token configured, either use the `token` provider argument or set it as `GITLAB_TOKEN`",
      /^gitlab:token: required;/,
    ],
    [
      "a token that has expired",
      `GET ${url}/api/v4/user: 401 {error: invalid_token}, {error_description: Token is expired. You can either do ` +
        "re-authorization or token refresh.}",
      /^gitlab:token: .* says that it has expired; make one with the scopes .*pulumi config set gitlab:token --secret/,
    ],
    [
      "a token of too narrow scopes",
      `GET ${url}/api/v4/groups/acme: 403 {error: insufficient_scope}, {error_description: The request requires ` +
        "higher privileges than provided by the access token.}, {scope: api read_api}",
      /^gitlab:token: .* does not allow it/,
    ],
    [
      "a group that is not there, in the client's own words",
      "1 error occurred:\n\t* 404 Not Found\n\n",
      /^groups: GitLab has no group "acme\/backend".*1 error occurred: \* 404 Not Found\)$/,
    ],
    [
      "an address that nobody answers at",
      `GET ${url}:404/api/v4/groups/acme: dial tcp 192.0.2.1:443: connect: connection refused`,
      /^gitlab:baseUrl: https:\/\/git\.example\.com cannot be reached; .*pulumi config set gitlab:baseUrl/,
    ],
    [
      "an address that is no GitLab's",
      "Failed to create GitLab Client from provider configuration: The provider failed to create a new GitLab Client " +
        "from the given configuration: 404 Not Found",
      /^gitlab:baseUrl: .* has no GitLab API; .*pulumi config set gitlab:baseUrl/,
    ],
    [
      "a name that is not known",
      `GET ${url}/api/v4/groups/500: dial tcp: lookup git.example.com: no such host`,
      /^gitlab:baseUrl: .* cannot be reached/,
    ],
    [
      "a certificate of a company's own authority",
      `Get "${url}/api/v4/groups/acme": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      /^gitlab:baseUrl: this machine does not trust the certificate of .*pulumi config set gitlab:cacertFile/,
    ],
    [
      "what was cancelled, which is no fault of the address",
      `Get "${url}/api/v4/groups/acme": context canceled`,
      /^groups: the look-up was cancelled \(/,
    ],
    ["an answer without a body", `GET ${url}/api/v4/groups/acme: 401`, /^gitlab:token: .* knows no such token/],
    [
      "a proxy's refusal",
      `GET ${url}/api/v4/groups/acme: 403 failed to parse unknown error format: <html>`,
      /^gitlab:token: .* does not allow it/,
    ],
    [
      "a GitLab in trouble",
      `GET ${url}/api/v4/groups/acme: 502 {message: Bad Gateway}`,
      /^gitlab:baseUrl: .* answers with an error \(.*502/,
    ],
  ];
  for (const [what, said, expected] of gitlab) {
    it(`names the setting for ${what}`, () => {
      expect(gitlabTrouble(group, url, invoke(said)).message).to.match(expected);
    });
  }

  it("is one reason for all groups, but for those that are not there", () => {
    const reasons = (said: string) => [group, project].map((entry) => gitlabTrouble(entry, url, invoke(said)).reason);
    expect(new Set(reasons("401 {message: 401 Unauthorized}")).size).to.equal(1);
    expect(new Set(reasons("dial tcp: no such host")).size).to.equal(1);
    expect(new Set(reasons("404 Not Found")).size).to.equal(2);
  });

  it("tells a default VPC that is not there from an AWS that does not answer", () => {
    expect(vpcTrouble(new Error("no matching EC2 VPC found")).message).to.match(
      /^network: no default VPC in this region; name one by network\.vpcId and network\.subnetIds \(/,
    );
    const denied = "UnauthorizedOperation: You are not authorized to perform: ec2:DescribeVpcs";
    expect(vpcTrouble(new Error(denied)).message)
      .to.match(/^network: AWS does not tell the default VPC; check the credentials.*aws:region/)
      .and.contain(denied);
  });

  it("likewise the machine image", () => {
    expect(imageTrouble(new Error("ParameterNotFound: "), "arm64").message).to.match(
      /^host\.amiId: AWS names no Amazon Linux for arm64/,
    );
    expect(imageTrouble(new Error("AccessDeniedException"), "arm64").message).to.match(
      /^host\.amiId: AWS does not tell .*AccessDeniedException\)$/,
    );
  });
});
