import { expect } from "chai";
import { addressErrors, tokenErrors } from "../../components/settings/gitlab-access";
import { parseSettings } from "../../components/settings/settings";
import { raw } from "./support/settings";

describe("GitLab's address", () => {
  for (const address of [
    "https://gitlab.com/api/v4/",
    "https://git.example.com/forge/api/v4",
    // The provider's client adds the path.
    "https://git.example.com",
    "http://127.0.0.1:8080/api/v4/",
    "http://localhost/api/v4/",
    "http://[::1]:1/",
  ]) {
    it(`may be ${address}`, () => expect(addressErrors(address, undefined)).to.deep.equal([]));
  }

  const refused: [address: string, told: RegExp][] = [
    ["git.example.com", /^"git.example.com" does not begin with https:\/\/; write https:\/\/git.example.com$/],
    ["172.31.0.1:8929/api/v4", /does not begin with https:\/\/; write https:\/\/172.31.0.1:8929\/api\/v4$/],
    ["ssh://git@git.example.com", /does not begin with https:\/\/; set its API's address: npx pulumi config set/],
    ["user:s3cret@git.example.com", /^a secret, it seems does not begin with https/],
    ["", /^empty does not begin with https/],
    ["https://oauth2:s3cret@git.example.com/api/v4/", /^holds credentials, which would be plain text/],
    ["https://git.example.com/api/v4?private_token=s3cret", /makes it no API's address; set its/],
    ["http://git.example.com/api/v4/", /^http:\/\/ shows the token.*pulumi config set .*:allowPlainHttp true$/],
    ["http://10.0.0.7/api/v4/", /^http:\/\/ shows the token/],
    ["http://127.evil.example.com/", /^http:\/\/ shows the token/],
  ];
  for (const [address, told] of refused) {
    it(`is refused: ${JSON.stringify(address)}`, () => {
      const errors = addressErrors(address, undefined);
      expect(errors).to.have.length(1);
      expect(errors[0])
        .to.match(/^gitlab:baseUrl: /)
        .and.not.contain("s3cret");
      expect(errors[0].slice("gitlab:baseUrl: ".length)).to.match(told);
    });
  }

  it("may be plain http where the settings say so", () => {
    const address = "http://git.example.com/api/v4/";
    expect(() => parseSettings(raw(), address)).to.throw(/^ {2}gitlab:baseUrl: http:\/\/ shows/m);
    expect(parseSettings(raw({ allowPlainHttp: true }), address).gitlabUrl).to.equal("http://git.example.com");
  });
});

describe("GitLab's token", () => {
  const errors = (token: string | undefined, settings: object = { groups: ["a"] }) =>
    tokenErrors(token, settings as Record<string, unknown>);

  it("is needed where a runner has to be made", () => {
    for (const settings of [{ groups: ["a"] }, { projects: [7] }, { instanceRunners: [{ name: "b" }] }]) {
      expect(errors(undefined, settings).join(), JSON.stringify(settings)).to.match(/^gitlab:token: required;/);
      expect(errors("glpat-mine", settings)).to.deep.equal([]);
    }
    expect(errors("")).to.have.length(1);
    expect(errors(undefined, { groups: [{ path: "a", token: "glrt-mine" }] })).to.deep.equal([]);
    expect(errors(undefined, {})).to.deep.equal([]);
  });

  it("is refused where it is a runner's or not one, and never repeated", () => {
    for (const token of [
      "glrt-s3cret",
      "GR1348941s3cret",
      "gldt-s3cret",
      "glpat-s3cret\nglpat-s3cret",
      "Bearer s3cret",
    ]) {
      const [error] = errors(token);
      expect(error, token)
        .to.match(/^gitlab:token: .*; make one with the scopes/)
        .and.not.contain("s3cret");
    }
  });
});
