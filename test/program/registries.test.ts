/** How ECS gets at the images of registries (images.registries): what is refused, and what comes of it. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "smol-toml";
import type { Statement } from "../../components/iam/documents";
import { reaches } from "../../components/settings/registry-reach";
import { parseSettings } from "../../components/settings/settings";
import { warningsOf } from "../../components/settings/warnings";
import { only, plain, type Deployment } from "./support/deploy";
import { checkStatements } from "./support/iam-reference";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const hub = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/docker-hub";
const secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-login-AbCdEf";
const images = (registries: object, allowed = ["node:*", "registry.example.com/**"]) => ({
  images: { allowed, registries },
});

const casesFile = path.resolve(__dirname, "../../driver/internal/images/testdata/registries.json");
const reachFile = path.resolve(__dirname, "../../driver/internal/images/testdata/reach.json");
const reach = JSON.parse(readFileSync(reachFile, "utf8")) as { pattern: string; image: string; allowed: boolean }[];
type Cases = Record<"taken" | "refused", string[]>;
const { domains, folders } = JSON.parse(readFileSync(casesFile, "utf8")) as Record<"domains" | "folders", Cases>;

describe("registries of jobs' images", () => {
  const rules: [string, Cases, (text: string) => object][] = [
    ["registries", domains, (text) => ({ [text]: { pullFrom: hub } })],
    ["pullFrom", folders, (text) => ({ "ghcr.io": { pullFrom: text } })],
  ];
  for (const [what, { taken, refused }, given] of rules) {
    it(`are taken and refused as the driver takes and refuses them: ${what}`, () => {
      for (const text of taken) expect(errorsOf(raw(images(given(text)))), text).to.deep.equal([]);
      for (const text of refused) expect(errorsOf(raw(images(given(text)))), text).to.not.be.empty;
    });
  }

  it("are refused with the place and the way out", () => {
    const way =
      'not a registry as the names of images begin, like "docker.io" or "registry.example.com"; Docker Hub is docker.io';
    const arn =
      "not the full ARN of a secret in Secrets Manager, with the hyphen and six characters that AWS puts after its name; " +
      "IAM compares with the full ARN, which `aws secretsmanager describe-secret` tells";
    const folder = (text: string) =>
      `not a place in a registry: "${text}"; write one such as ${hub}, without tag or digest`;
    const cases: [string, object, string[]][] = [
      ["index.docker.io", { pullFrom: hub }, [`: ${way}: "index.docker.io"`]],
      ["library", { pullFrom: hub }, [`: ${way}: "library"`]],
      ["ghcr.io", {}, [": needs pullFrom or credentials"]],
      ["ghcr.io", { pullFrom: hub, credentials: secret }, [": has pullFrom and credentials; use one"]],
      ["ghcr.io", { pullFrom: "docker-hub" }, [`.pullFrom: ${folder("docker-hub")}`]],
      ["ghcr.io", { pullFrom: `${hub}:1` }, [`.pullFrom: ${folder(`${hub}:1`)}`]],
      [
        "ghcr.io",
        { pullFrom: hub.split("/")[0] },
        [
          `.pullFrom: "${hub.split("/")[0]}" has no prefix: tasks would get rights on all repositories of that registry; ` +
            `write one such as ${hub}, without tag or digest`,
        ],
      ],
      ...["registry-login", secret.slice(0, -"-AbCdEf".length), `${secret}:k`].map(
        (wrong): [string, object, string[]] => [
          "ghcr.io",
          { credentials: wrong },
          [`.credentials: ${arn}: "${wrong}"`],
        ],
      ),
    ];
    for (const [domain, registry, errors] of cases) {
      const told = errorsOf(raw(images({ [domain]: registry })));
      const place = domain.includes(".") ? `["${domain}"]` : `.${domain}`;
      expect(told, domain).to.deep.equal(errors.map((error) => `images.registries${place}${error}`));
    }
    expect(errorsOf(raw(images({ "localhost:5000": { pullFrom: "mirror.example.com" } })))).to.deep.equal([]);
  });

  const policy = (deployment: Deployment) =>
    JSON.parse(
      plain<string>(only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-execution").inputs.policy),
    ).Statement as Statement[];
  const fargate = (deployment: Deployment) =>
    (
      parse(plain<string>(only(deployment, command, "gitlab-runners-host-fargate-toml").inputs.stdin)) as {
        Fargate: Record<string, unknown>;
      }
    ).Fargate;
  const both = { "registry.example.com": { credentials: secret }, "docker.io": { pullFrom: hub } };

  it("are in fargate.toml, and the execution role may pull, fill the cache and read the secret, no more", async () => {
    const deployment = await run(raw(images(both)));
    expect(fargate(deployment).Registries).to.deep.equal({
      "docker.io": { PullFrom: hub },
      "registry.example.com": { Credentials: secret },
    });
    const cache = "arn:aws:ecr:eu-central-1:123456789012:repository/docker-hub/*";
    const statements = policy(deployment);
    const of = (sid: string) => statements.find(({ Sid }) => Sid === sid);
    expect(of("PullImage")!.Resource).to.be.an("array").and.include(cache);
    expect(of("PullThrough")).to.deep.include({
      Action: ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
      Resource: cache,
    });
    expect(of("ReadRegistryLogins")).to.deep.include({ Action: ["secretsmanager:GetSecretValue"], Resource: secret });
    expect(await checkStatements(statements)).to.deep.equal([]);
  });

  it("give rights for those alone that patterns of images or services reach, or that such a one pulls from", async () => {
    const sids = async (registries: object, allowed: string[]) =>
      policy(await run(raw(images(registries, allowed)))).map(({ Sid }) => Sid);
    expect(await sids(both, ["node:*"]))
      .to.include("PullThrough")
      .and.not.include("ReadRegistryLogins");
    const private_ = await sids(both, ["registry.example.com/**"]);
    expect(private_).to.include("ReadRegistryLogins").and.not.include("PullThrough");
    const mirrored = {
      "docker.io": { pullFrom: "registry.example.com/hub" },
      "registry.example.com": { credentials: secret },
    };
    expect(await sids(mirrored, ["node:*"])).to.include("ReadRegistryLogins");
    expect(await sids(mirrored, ["ghcr.io/**"])).to.not.include("ReadRegistryLogins");
  });

  for (const { pattern, image, allowed } of reach) {
    it(`are${allowed ? "" : " not"} reached by ${pattern}, as the driver matches ${image}`, () => {
      expect(reaches(pattern, image.split("/")[0])).to.equal(allowed);
    });
  }

  it("give no rights where jobs may name no images, and change nothing where there are none", async () => {
    const without = await run(raw({ images: { registries: both } }));
    expect(policy(without)).to.deep.equal(policy(await run(raw({}))));
    expect(fargate(await run(raw(images({}))))).to.not.have.property("Registries");
  });

  it("are warned of where no job may name an image", () => {
    const warnings = (more: object) => warningsOf(parseSettings(raw({ groups: ["acme"], ...more })));
    expect(warnings({ images: { registries: both } })).to.deep.equal([
      "images.registries: has no effect; no job may name images or services (images.allowed, services.allowed)",
    ]);
    expect(warnings(images(both))).to.deep.equal([]);
    const noPattern = "no pattern of images or services reaches this registry (images.allowed, services.allowed)";
    expect(warnings(images(both, ["node:*"]))).to.deep.equal([
      `images.registries["registry.example.com"]: has no effect; ${noPattern}`,
    ]);
  });

  it("give them for services alone, too", async () => {
    const deployment = await run(
      raw({ services: { allowed: ["redis:*", "registry.example.com/**"] }, images: { registries: both } }),
    );
    expect(policy(deployment).map(({ Sid }) => Sid)).to.include.members(["PullThrough", "ReadRegistryLogins"]);
  });
});
