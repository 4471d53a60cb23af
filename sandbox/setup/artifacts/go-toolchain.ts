/** The Go distribution that all of Go is built with here, as the module proxy serves it. */
import { existsSync, readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { recipe } from "../recipes";
import { versions } from "../versions";

const script = recipe("go-toolchain", "fetch.sh");

/** GOROOT, in the artifact. */
export const goRoot = "go";

export const goToolchain: Artifact = {
  name: "go-toolchain",
  inputs: [versions.go, versions.goChecksum],
  files: [script],
  async build({ dir, scratch, run }) {
    const { folder, proxies } = moduleSources();
    const args = [versions.go, versions.goChecksum, scratch, path.join(dir, goRoot)];
    // What a go command has fetched doesn't come over the network again.
    await run("sh", [script, ...args, `file://${path.join(folder, "cache", "download")}`, ...proxies]);
  },
};

/** The user's module cache and where it is filled from, as a go command would have it (go help environment). */
export function moduleSources(env = process.env): { folder: string; proxies: string[] } {
  const file = env.GOENV ?? path.join(env.XDG_CONFIG_HOME ?? path.join(os.homedir(), ".config"), "go", "env");
  const stored = existsSync(file) ? readFileSync(file, "utf8") : "";
  const setting = (name: string) => env[name] || new RegExp(`^${name}=(.*)$`, "m").exec(stored)?.[1];
  const goPath = setting("GOPATH")?.split(path.delimiter)[0] ?? path.join(os.homedir(), "go");
  const list = setting("GOPROXY") ?? "https://proxy.golang.org";
  return {
    folder: setting("GOMODCACHE") ?? path.join(goPath, "pkg", "mod"),
    // The two other words mean that there is no proxy.
    proxies: list.split(/[,|]/).filter((proxy) => proxy !== "direct" && proxy !== "off"),
  };
}
