/** Which registries the patterns of images reach. */
import { alternatives } from "./images";
import type { Registry } from "./registries";

/**
 * The registries that a job's image or service may be pulled from: those that some pattern reaches, and those that the
 * images of these are pulled from instead.
 *
 * @param patterns of the images that jobs may name
 */
export function reached(
  registries: Readonly<Record<string, Registry>>,
  patterns: readonly string[],
): Record<string, Registry> {
  const named = Object.keys(registries).filter((domain) => patterns.some((pattern) => reaches(pattern, domain)));
  const used = new Set([...named, ...named.map((domain) => registries[domain].pullFrom?.split("/")[0])]);
  return Object.fromEntries(Object.entries(registries).filter(([domain]) => used.has(domain)));
}

/**
 * Whether a pattern may match an image of a registry; where that is hard to tell, it may. The driver decides what a job
 * gets (driver/internal/images/allowed.go); driver/internal/images/testdata/reach.json has cases of both.
 */
export function reaches(pattern: string, domain: string): boolean {
  return [...alternatives(withDomain(pattern))].some((one) => {
    const [first] = one.split("/");
    // A class of characters may hold the slash that ends the domain.
    return first === "**" || /[[\\]/.test(pattern.split("/")[0]) || asExpression(first).test(domain);
  });
}

/** As the driver reads a pattern before it resolves its lists: without a registry, it is one of Docker Hub. */
function withDomain(pattern: string): string {
  const [first, ...rest] = pattern.split("/");
  if (first === "**") return pattern;
  if (rest.length > 0 && first === "index.docker.io") return ["docker.io", ...rest].join("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? pattern : `docker.io/${pattern}`;
}

/** Of a pattern's part between slashes. */
const asExpression = (part: string): RegExp => {
  const source = part
    .replace(/[.+^$()|]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`);
};
