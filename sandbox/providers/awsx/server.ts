/**
 * A stand-in for the `awsx` provider (3.9): its components ecr.Repository and ecr.Image, with their children.
 *
 * A process of its own, because constructing components goes through the SDK's runtime, whose settings are global to a
 * process. It ends with its parent: when its standard input closes.
 */
import * as pulumi from "@pulumi/pulumi";
import { Image, type ImageArgs } from "./image";
import { Repository, type RepositoryArgs } from "./repository";

const provider: pulumi.provider.Provider = {
  version: "3.9.0",
  schema: JSON.stringify({ name: "awsx", version: "3.9.0" }),
  async construct(name, type, inputs, options) {
    switch (type) {
      case "awsx:ecr:Repository": {
        const component = new Repository(name, inputs as RepositoryArgs, options);
        const { repository, lifecyclePolicy, url } = component;
        return { urn: component.urn, state: { repository, lifecyclePolicy, url } };
      }
      case "awsx:ecr:Image": {
        const component = new Image(name, inputs as unknown as ImageArgs, options);
        return { urn: component.urn, state: { imageUri: component.imageUri } };
      }
      default:
        throw new Error(`the stand-in for package awsx has no component ${type}`);
    }
  },
};

process.stdin.on("close", () => process.exit());
process.stdin.resume();
// Prints its port.
void pulumi.provider.main(provider, process.argv.slice(2));
