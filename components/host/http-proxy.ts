/** How a host's programs and jobs learn of an HTTP proxy: by the environment variables that curl, git and Go read. */
import type { HttpProxy } from "../settings/http-proxy";

/**
 * What no proxy may be asked for: loopback, and where AWS gives instances and tasks their credentials and facts (the
 * instance metadata service, by IPv4 and IPv6, and the tasks' own).
 */
const always = ["localhost", "127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254", "169.254.170.2"];

/** Programs read either case: curl takes http_proxy in lower case only. None without a proxy. */
export function proxyVariables(proxy: HttpProxy | undefined): Record<string, string> {
  if (proxy === undefined) return {};
  const noProxy = [...always, ...proxy.noProxy.filter((one) => !always.includes(one))].join(",");
  const upper = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: noProxy };
  const lower = Object.entries(upper).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...upper, ...(Object.fromEntries(lower) as Record<string, string>) };
}

const assignments = (proxy: HttpProxy | undefined): string[] =>
  Object.entries(proxyVariables(proxy)).map(([name, value]) => `${name}=${value}`);

/** Lines of a script in sh. No value has a quote in it, which the settings refuse. */
export const exportProxy = (proxy: HttpProxy | undefined): string[] =>
  assignments(proxy).map((one) => `export '${one}'`);

/** Lines of a unit's [Service], the last one with its newline; nothing without a proxy. */
export const unitProxy = (proxy: HttpProxy | undefined): string =>
  assignments(proxy)
    .map((one) => `Environment="${one}"\n`)
    .join("");
