import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { lookUpRights } from "../../../components/iam/deployment-rights";
import { projectDir } from "../../../sandbox/config";
import { awsPackage } from "../../../sandbox/providers/aws";
import { keepClients, keepServices } from "../../../sandbox/setup/aws-provider/keep";
import { recipe } from "../../../sandbox/setup/recipes";

describe("the real aws provider", () => {
  const types = JSON.parse(readFileSync(recipe("aws-provider", "types.json"), "utf8")) as {
    resources: Record<string, string>;
    functions: Record<string, string>;
  };
  const { resources, functions } = awsPackage({ endpoint: "http://127.0.0.1" });

  it("has every type of the program, and those of awsx's components that the stand-in has", () => {
    const urns = readFileSync(path.join(projectDir, "test/program/urns.txt"), "utf8").split("\n");
    const used = urns.map((urn) => urn.split(" ")[0]).filter((type) => type.startsWith("aws:"));
    expect(Object.values(types.resources)).to.include.members(used);
    expect(Object.values(types.resources)).to.have.members(Object.keys(resources));
  });

  it("has every look-up of the program", () => {
    expect(Object.values(types.functions)).to.include.members(Object.keys(lookUpRights));
    expect(Object.values(types.functions)).to.have.members(Object.keys(functions));
  });
});

describe("the Terraform provider's generated files", () => {
  it("keep the services that are wanted", () => {
    const source = (names: string[]) =>
      [
        "import (",
        '\t"slices"',
        ...names.map((name) => `\t"github.com/hashicorp/terraform-provider-aws/internal/service/${name}"`),
        ")",
        ...names.map((name) => `\t\t${name}.ServicePackage(ctx),`),
        "",
      ].join("\n");
    expect(keepServices(source(["ec2", "ecs", "s3", "s3control"]), ["ecs", "s3"])).to.equal(source(["ecs", "s3"]));
  });

  it("keep the clients that are wanted, and imports of nothing else", () => {
    const method = (name: string, client: string) =>
      `func (c *AWSClient) ${name}Client(ctx context.Context) *${client}.Client {\n\treturn must(client[*${client}.Client]())\n}\n`;
    const sdk = "github.com/aws/aws-sdk-go-v2/service";
    const imports = (...lines: string[]) => ["import (", '\t"context"', ...lines, ")", ""].join("\n");
    const source =
      imports(`\t"${sdk}/ecs"`, `\tlegacy "${sdk}/events"`, `\t"${sdk}/ec2"`) +
      method("EC2", "ec2") +
      method("ECS", "ecs") +
      method("Events", "legacy");
    expect(keepClients(source, ["ecs"])).to.equal(imports(`\t"${sdk}/ecs"`) + method("ECS", "ecs"));
    expect(keepClients(source, ["legacy"])).to.equal(imports(`\tlegacy "${sdk}/events"`) + method("Events", "legacy"));
  });
});
