/** A private certificate authority, made by openssl, and the certificates of its servers. */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";

export interface Authority {
  /** Its certificate in PEM format. */
  pem: string;
  file: string;
  /** @param name as subjectAltName has it: "DNS:gitlab.test", "IP:127.0.0.1" */
  issue(name: string): Promise<{ key: string; cert: string }>;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** @param folder for its files; each authority has one of its own */
export async function makeAuthority(folder: string): Promise<Authority> {
  const openssl = (...args: string[]) => execa("openssl", args, { cwd: folder });
  const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
  const itself = ["-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/O=Example/CN=Root"];
  await openssl("req", ...newKey, ...itself, "-addext", "basicConstraints=critical,CA:TRUE");
  return {
    pem: read("ca.pem"),
    file: path.join(folder, "ca.pem"),
    async issue(name) {
      await openssl("req", ...newKey, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=server");
      writeFileSync(path.join(folder, "names"), `subjectAltName=${name}\n`);
      const issued = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
      await openssl("x509", "-req", "-in", "own.csr", ...issued, "-out", "own.pem");
      return { key: read("own.key"), cert: read("own.pem") };
    },
  };
}
