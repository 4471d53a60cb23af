/** `awsx.ecr.Repository`: an ECR repository and the lifecycle policy that keeps it small. */
import * as ecr from "@pulumi/aws/ecr";
import type { LifecyclePolicyDocument } from "@pulumi/aws/ecr";
import * as pulumi from "@pulumi/pulumi";

interface Rule {
  description?: string;
  tagStatus: "any" | "untagged" | "tagged";
  tagPrefixList?: string[];
  maximumNumberOfImages?: number;
  /** Days. */
  maximumAgeLimit?: number;
}

export interface RepositoryArgs extends ecr.RepositoryArgs {
  lifecyclePolicy?: { skip?: boolean; rules?: pulumi.Input<Rule[]> };
}

export class Repository extends pulumi.ComponentResource {
  declare readonly repository: ecr.Repository;
  declare readonly lifecyclePolicy?: ecr.LifecyclePolicy;
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: RepositoryArgs, opts: pulumi.ComponentResourceOptions) {
    super("awsx:ecr:Repository", name, {}, opts);
    const { lifecyclePolicy, ...repositoryArgs } = args;
    // ECR takes lower-case names only, and the physical name begins with the logical one.
    const child = name.toLowerCase();
    this.repository = new ecr.Repository(child, repositoryArgs, { parent: this });
    this.url = this.repository.repositoryUrl;
    if (!lifecyclePolicy?.skip) {
      const policy = pulumi.output(lifecyclePolicy?.rules ?? defaultRules).apply(lifecycleDocument);
      const region = args.region !== undefined ? { region: args.region } : {};
      const policyArgs = { repository: this.repository.name, policy, ...region };
      this.lifecyclePolicy = new ecr.LifecyclePolicy(child, policyArgs, { parent: this });
    }
    this.registerOutputs({ repository: this.repository, lifecyclePolicy: this.lifecyclePolicy });
  }
}

const defaultRules: Rule[] = [
  { description: "remove untagged images", tagStatus: "untagged", maximumNumberOfImages: 1 },
];

/** Priorities in the order given; a rule for any image comes last, as ECR demands. Throws on what ECR would refuse. */
export function lifecycleDocument(rules: Rule[]): LifecyclePolicyDocument {
  const forAny = rules.filter(({ tagStatus }) => tagStatus === "any");
  if (forAny.length > 1) throw new Error('At most one [selection: "any"] rule can be provided.');
  const ordered = [...rules.filter((rule) => !forAny.includes(rule)), ...forAny];
  return {
    rules: ordered.map((rule, index) => ({
      rulePriority: index + 1,
      description: rule.description,
      selection: { ...tagSelection(rule), ...countSelection(rule) },
      action: { type: "expire" },
    })),
  } as LifecyclePolicyDocument;
}

function tagSelection({ tagStatus, tagPrefixList }: Rule) {
  if (tagStatus !== "tagged") return { tagStatus };
  if (!tagPrefixList?.length) throw new Error("tagPrefixList cannot be empty.");
  return { tagStatus, tagPrefixList };
}

function countSelection({ maximumNumberOfImages, maximumAgeLimit }: Rule) {
  if (maximumNumberOfImages !== undefined) {
    return { countType: "imageCountMoreThan", countNumber: maximumNumberOfImages };
  }
  if (maximumAgeLimit !== undefined) {
    return { countType: "sinceImagePushed", countNumber: maximumAgeLimit, countUnit: "days" };
  }
  throw new Error("Either [maximumNumberOfImages] or [maximumAgeLimit] must be provided with a rule.");
}
