/** The driver as it has been deployed: the binaries that the host compiled, and its fargate.toml. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse, type TomlTable } from "smol-toml";
import { paths } from "../../components/host/paths";
import { onHost } from "../../test/support/host";

export interface Deployed {
  /** Copies on this machine, beside each other as on the host. */
  driver: string;
  agent: string;
  fargateToml: TomlTable;
}

export async function copyDeployed(folder: string): Promise<Deployed> {
  const copy = async (file: string) => {
    const target = path.join(folder, path.basename(file));
    writeFileSync(target, Buffer.from(await onHost(`base64 ${file}`), "base64"), { mode: 0o755 });
    return target;
  };
  return {
    driver: await copy(paths.driver),
    agent: await copy(paths.agent),
    fargateToml: parse(await onHost(`cat ${paths.fargateToml}`)),
  };
}
