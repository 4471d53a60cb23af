/** The schema of how ECS gets at the images of registries that jobs' images and services are named after. */
import { z } from "zod";
import { ecrRepositoryArn } from "../iam/documents";
import { imageReference } from "./image-reference";
import { always, strict } from "./values";
import { shown } from "./values-shown";

/** A part of a host's name, of the reference's grammar (https://pkg.go.dev/github.com/distribution/reference). */
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";

/**
 * As an image's name begins; Docker reads index.docker.io as docker.io. The driver refuses the same registries
 * (driver/internal/images/registries.go); driver/internal/images/testdata/registries.json has cases of both.
 */
const anyDomain = `(?!index\\.docker\\.io(?:/|$))(?:localhost|(?=[^/]*[.:])${label}(?:\\.${label})*(?::\\d+)?)`;
const domain = new RegExp(`^${anyDomain}$`);

const secretArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;

const noSecretArn =
  "not the full ARN of a secret in Secrets Manager, with the hyphen and six characters that AWS puts after its name; IAM " +
  "compares with the full ARN, which `aws secretsmanager describe-secret` tells";

/** Whether a text is the address of an ECR registry alone. */
const isBareEcr = (text: string) => !text.includes("/") && ecrRepositoryArn(`${text}/image`, "aws") !== undefined;

/** A place within a registry, that an image's path may follow. */
const folder = imageReference.superRefine((text, context) => {
  const [first, ...path] = text.split("/");
  // Without a path, Docker would put "library/" before an image's name.
  const isFolder = first !== "docker.io" || path.length > 0;
  const whole = domain.test(first) && isFolder && !path.join("/").match(/[:@]/);
  if (isBareEcr(text)) {
    const message = `${shown(text)} has no prefix: tasks would get rights on all repositories of that registry; ${likeThis}`;
    return context.addIssue({ code: "custom", message });
  }
  if (!whole) context.addIssue({ code: "custom", message: `not a place in a registry: ${shown(text)}; ${likeThis}` });
});

const example = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/docker-hub";
const likeThis = `write one such as ${example}, without tag or digest`;

const registry = strict({
  pullFrom: folder.optional().meta({
    description:
      "What takes the registry's place in an image's name when ECS pulls it: a pull-through cache of ECR, by the prefix " +
      "of its rule, which ends a registry's rate limits; or a mirror. By AWS's documents, the first pull of an image " +
      "through a cache needs a route to the internet where only interface endpoints are there. The execution role gets " +
      "the rights to pull and to fill the cache, for this prefix, where some pattern of images or services reaches the " +
      "registry.",
    pattern: `^(?!docker\\.io$)${anyDomain}(?:/[^:@]+)?$`,
    default: "the registry itself",
    example,
  }),
  credentials: z
    .string()
    .regex(secretArn, noSecretArn)
    .optional()
    .meta({
      description:
        'Full ARN of a secret in Secrets Manager, `{"username": …, "password": …}`, by which ECS logs in at the registry. The ' +
        "execution role gets the right to read it; the policy of a KMS key of your own has to let it in as well.",
      default: "none: images are public, or in ECR",
      example: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry-login-AbCdEf",
    }),
})
  .superRefine(({ pullFrom, credentials }, context) => {
    if ((pullFrom === undefined) !== (credentials === undefined)) return;
    const message = pullFrom === undefined ? "needs pullFrom or credentials" : "has pullFrom and credentials; use one";
    context.addIssue({ code: "custom", message });
  }, always)
  .meta({ oneOf: ["pullFrom", "credentials"] });

export type Registry = z.output<typeof registry>;

const notDomain =
  'not a registry as the names of images begin, like "docker.io" or "registry.example.com"; Docker Hub is docker.io';

export const registries = z
  .record(z.string().regex(domain, notDomain), registry)
  .default({})
  .meta({
    description: "How ECS gets at the images of registries, which jobs name by `image:` and `services:`.",
    type: "name → object",
    example: { "docker.io": { pullFrom: example } },
  });
