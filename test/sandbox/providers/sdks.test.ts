/** What the published SDKs tell of their providers' schemas, and the stand-ins for these. */
import { local, remote } from "@pulumi/command";
import { Image } from "@pulumi/docker-build";
import { asset } from "@pulumi/pulumi";
import { expect } from "chai";
import * as fs from "node:fs";
import { commandPackage } from "../../../sandbox/providers/command";
import { dockerBuildPackage } from "../../../sandbox/providers/docker-build";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import { isSecret, type Props } from "../../../sandbox/providers/framework/values";
import { deploy, plain, type Registered } from "../../program/support/deploy";
import { createProject } from "./build-project";
import { createContext } from "./support";

const connection = { host: "h", privateKey: "k", proxy: { host: "p" } };

describe("stand-ins and the SDKs of what they stand for", () => {
  let registered: Registered[];
  const project = createProject();
  const { folder: workDir } = project;
  const image = { context: { location: "image" }, dockerfile: {}, push: true, tags: ["r:t"] };
  before(async () => {
    const { resources } = await deploy(() => {
      new remote.Command("command", { connection, create: "true" });
      const source = new asset.FileArchive(`${workDir}/image`);
      new remote.CopyToRemote("copy", { connection, source, remotePath: "/x" });
      new local.Command("local", { create: "true" });
      new Image("image", image);
    });
    registered = resources;
  });
  after(() => fs.rmSync(workDir, { recursive: true }));

  const builder = {} as Parameters<typeof dockerBuildPackage>[0]["builder"];
  const standIns: Record<string, { resource: Resource; given: Props }> = Object.fromEntries(
    [commandPackage({ workDir }), dockerBuildPackage({ workDir, builder })].flatMap(({ resources }) =>
      Object.entries(resources).map(([type, resource]) => [
        type,
        { resource, given: (type.startsWith("docker-build") ? image : { connection, create: "true" }) as Props },
      ]),
    ),
  );

  for (const [type, { resource, given }] of Object.entries(standIns)) {
    const sdk = () => registered.find((one) => one.type === type)!;

    it(`${type} replaces for the same properties`, () => {
      const names = sdk().replaceOnChanges.map((path) => path.replace(/\[\*\]$/, ""));
      expect(resource.replaceOn ?? []).to.have.members(names);
    });

    it(`${type} keeps the same properties secret, and has the same defaults`, async () => {
      const { context } = createContext();
      const { inputs } = await lifecycle.check(resource, { news: given, randomSeed: new Uint8Array() }, context);
      const secret = Object.keys(inputs).filter((name) => isSecret(inputs[name]));
      expect(secret).to.have.members(sdk().secretOutputs);
      const known = Object.keys(sdk().inputs).filter((name) => name in inputs && name !== "dockerfile");
      for (const name of known) expect(plain(inputs[name]), name).to.deep.equal(plain(sdk().inputs[name]));
    });
  }
});
