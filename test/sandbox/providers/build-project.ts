import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { hashContext } from "../../../sandbox/providers/docker-build/context-hash";

/** A folder with a small build context in `image`. */
export function createProject() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "build-"));
  const write = (name: string, content: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  };
  write("image/Dockerfile", "FROM base\nCOPY . /\n");
  write("image/a", "1");
  write("image/sub/b", "2");
  return { folder, write, hash: () => hashContext(path.join(folder, "image"), path.join(folder, "image/Dockerfile")) };
}
