import { expect } from "chai";
import { awsPackage } from "../../../sandbox/providers/aws";
import { clientFactory } from "../../../sandbox/providers/aws/clients";
import { awsResource, updateTags } from "../../../sandbox/providers/aws/common";
import { lifecycleDocument } from "../../../sandbox/providers/awsx/repository";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import { UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createContext } from "./support";

describe("aws stand-in: what resources have in common", () => {
  const plain: Resource = {
    create: async (inputs) => ({ id: "id", outputs: inputs }),
    delete: async () => {},
  };
  const clientsFor = clientFactory("http://127.0.0.1:1");
  const config = { region: "us-east-1", defaultTags: { tags: { owner: "team", stage: "dev" } } };
  const { context } = createContext({ config });
  const check = async (inputs: Props, olds?: Props) =>
    (await awsResource(clientsFor, { tagged: true, json: ["policy"] }, plain).check?.(inputs, context, olds))?.inputs;

  it("puts the provider's default tags under the resource's own", async () => {
    expect(await check({ tags: { stage: "prod" } })).to.deep.equal({ tags: { owner: "team", stage: "prod" } });
    expect(await check({})).to.deep.equal({ tags: { owner: "team", stage: "dev" } });
    expect(await check({ tags: UNKNOWN })).to.deep.equal({ tags: UNKNOWN });
  });

  it("writes JSON as text, and keeps the old spelling of the same", async () => {
    const policy = async (value: Props[string], old?: string) =>
      (await check({ policy: value }, old ? { policy: old } : undefined))?.policy;
    expect(await policy({ a: [1] })).to.equal('{"a":[1]}');
    expect(await policy('{"b":1,"a":2}', '{ "a": 2, "b": 1 }')).to.equal('{ "a": 2, "b": 1 }');
    expect(await policy('{"a":3}', '{"a":2}')).to.equal('{"a":3}');
    expect(await policy(UNKNOWN, "{}")).to.equal(UNKNOWN);
  });

  it("adds region and tags to the outputs, but no region where there is none", async () => {
    const create = async (traits: object, inputs: Props) =>
      (await awsResource(clientsFor, traits, plain).create(inputs, context)).outputs;
    expect(await create({ tagged: true }, { tags: { a: "b" } })).to.deep.equal({
      tags: { a: "b" },
      tagsAll: { a: "b" },
      region: "us-east-1",
    });
    expect(await create({}, { region: "eu-west-1" })).to.deep.equal({ region: "eu-west-1" });
    expect(await create({ global: true }, {})).to.deep.equal({});
  });

  it("asks for the region where none is configured", () => {
    expect(() => clientsFor({ config: {} })).to.throw("set aws:region");
  });

  it("refuses a configuration without region or credentials, in the real one's words", () => {
    const check = (config: Props) =>
      awsPackage({ endpoint: "http://127.0.0.1:1" }).checkConfig!(config).map(({ reason }) => reason.split("\n")[0]);
    const region = "us-east-1";
    expect(check({})).to.deep.equal(["missing region information"]);
    expect(check({ region })).to.deep.equal(["No valid credential sources found."]);
    expect(check({ region, accessKey: "a" })).to.have.length(1);
    expect(check({ region, accessKey: "a", secretKey: "b" })).to.deep.equal([]);
    expect(check({ region, skipCredentialsValidation: "true" })).to.deep.equal([]);
  });

  it("calls for changed tags only", async () => {
    const calls: unknown[] = [];
    const update = (olds: Props, news: Props) =>
      updateTags(
        { tags: olds },
        { tags: news },
        {
          remove: async (names) => calls.push(names),
          set: async (tags) => calls.push(tags),
        },
      );
    await update({ same: "1", changed: "1", gone: "1" }, { same: "1", changed: "2", fresh: "1" });
    expect(calls.splice(0)).to.deep.equal([["gone"], { changed: "2", fresh: "1" }]);
    await update({ same: "1" }, { same: "1" });
    expect(calls).to.deep.equal([]);
  });
});

describe("awsx stand-in: lifecycle policies", () => {
  it("numbers the rules, the one for any image last", () => {
    const { rules } = lifecycleDocument([
      { tagStatus: "any", maximumNumberOfImages: 10, description: "ten" },
      { tagStatus: "untagged", maximumAgeLimit: 7 },
      { tagStatus: "tagged", tagPrefixList: ["v"], maximumNumberOfImages: 3 },
    ]) as unknown as { rules: Props[] };
    expect(rules.map(({ rulePriority, selection }) => [rulePriority, selection])).to.deep.equal([
      [1, { tagStatus: "untagged", countType: "sinceImagePushed", countNumber: 7, countUnit: "days" }],
      [2, { tagStatus: "tagged", tagPrefixList: ["v"], countType: "imageCountMoreThan", countNumber: 3 }],
      [3, { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 10 }],
    ]);
  });

  it("refuses what ECR would refuse", () => {
    expect(() => lifecycleDocument([{ tagStatus: "any" }])).to.throw("maximumNumberOfImages");
    expect(() => lifecycleDocument([{ tagStatus: "tagged", maximumNumberOfImages: 1 }])).to.throw("tagPrefixList");
    const any = { tagStatus: "any", maximumNumberOfImages: 1 } as const;
    expect(() => lifecycleDocument([any, any])).to.throw('At most one [selection: "any"] rule');
  });
});
