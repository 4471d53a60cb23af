/** The certificate of ECR's registry, which hosts trust as they trust AWS's authorities. */
import { mkdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../../command";
import { ecrRegistry } from "../../config";

/** @param folder for its files; is made */
export async function makeCertificate(folder: string): Promise<{ key: string; cert: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => path.join(folder, name)) as [string, string];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  const named = ["-subj", "/O=Sandbox/CN=ECR", "-addext", `subjectAltName=DNS:${ecrRegistry}`];
  await run("openssl", ["req", "-x509", ...newKey, "-out", cert, "-days", "365", ...named]);
  return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
}
