/** The account's registry, at both of its addresses: for the engine on loopback, for hosts over TLS. */
import type { ECRClient } from "@aws-sdk/client-ecr";
import { network, ports } from "../../config";
import type { Authorizer } from "../iam/authorizer";
import { startRegistryFront } from "./front";
import type { RegistryPasswords } from "./passwords";
import { tagMutability } from "./repositories";

export interface RegistryOptions {
  passwords: RegistryPasswords;
  authorizer: Pick<Authorizer, "denial">;
  ecr: ECRClient;
  /** Hosts trust it. */
  certificate: { key: string; cert: string };
  log(line: string): void;
}

export async function startRegistry({ passwords, authorizer, ecr, certificate, log }: RegistryOptions) {
  const options = {
    passwords,
    authorizer,
    mutability: tagMutability(ecr),
    store: { host: "127.0.0.1", port: ports.registryStore },
    log,
  };
  const inside = await startRegistryFront(options, { host: "127.0.0.1", port: ports.registry });
  const outside = await startRegistryFront(options, { host: network.gateway, port: 443 }, certificate);
  return {
    async close() {
      await Promise.all([inside.close(), outside.close()]);
    },
  };
}
