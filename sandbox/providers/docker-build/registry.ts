/** Requests to the registry about what was pushed, and how it is reached. */
import type { BuildRequest } from "./buildah";

export interface Credentials {
  username: string;
  password: string;
}

/** Puts the request's tags on an image that was built before; false where the registry has it no more. */
export async function tagAgain(
  request: Pick<BuildRequest, "tags" | "credentials">,
  digest: string,
  registry: string,
): Promise<boolean> {
  for (const tag of request.tags) {
    const [, repository, name] = /^(.+):([^:/]+)$/.exec(tag)!;
    const access = { registry, credentials: request.credentials };
    const found = await manifest("GET", repository!, digest, access).catch(() => undefined);
    if (found === undefined) return false;
    await manifest("PUT", repository!, name!, { ...access, body: found });
  }
  return true;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** One request about a manifest; resolves to what the registry answers. */
export async function manifest(
  method: "GET" | "PUT" | "DELETE",
  repository: string,
  reference: string,
  { registry, credentials, body }: { registry: string; credentials?: Credentials; body?: string },
): Promise<string> {
  const [host, ...name] = mapRegistry(`${repository}:`, registry).slice(0, -1).split("/");
  const response = await fetch(`http://${host}/v2/${name.join("/")}/manifests/${reference}`, {
    method,
    body,
    headers: {
      accept: manifestType,
      ...(body !== undefined && { "content-type": manifestType }),
      ...(credentials && { authorization: `Basic ${basic(credentials)}` }),
    },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${repository}@${reference}: ${response.status} ${text}`);
  return text;
}

export const basic = ({ username, password }: Credentials) => Buffer.from(`${username}:${password}`).toString("base64");

/** Puts the local registry in the place of an ECR host name; other names stay. */
export function mapRegistry(tag: string, registry: string): string {
  return tag.replace(/^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\//, `${registry}/`);
}
