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
    const { download, proxy } = userSettings();
    // The two other words mean that there is no proxy.
    const proxies = proxy.split(/[,|]/).filter((one) => one !== "direct" && one !== "off");
    const args = [versions.go, versions.goChecksum, scratch, path.join(dir, goRoot)];
    await run("sh", [script, ...args, download, ...proxies]);
  },
};

/** What a user has set for the go command (go help environment), whether there is one or not. */
export function userSettings(env = process.env): { file: string; download: string; proxy: string } {
  const file = env.GOENV || path.join(env.XDG_CONFIG_HOME || path.join(os.homedir(), ".config"), "go", "env");
  const stored = existsSync(file) ? readFileSync(file, "utf8") : "";
  const setting = (name: string) => env[name] || new RegExp(`^${name}=(.*)$`, "m").exec(stored)?.[1];
  const goPath = setting("GOPATH")?.split(path.delimiter)[0] ?? path.join(os.homedir(), "go");
  const modules = setting("GOMODCACHE") ?? path.join(goPath, "pkg", "mod");
  return {
    file,
    /** What has been fetched, as a module proxy's files. */
    download: `file://${path.join(modules, "cache", "download")}`,
    proxy: setting("GOPROXY") ?? "https://proxy.golang.org,direct",
  };
}
