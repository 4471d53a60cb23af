/** What is wrong with the path of a group or project. Pure functions. */
import { shown } from "./values-shown";

const segment = "[A-Za-z0-9_][A-Za-z0-9_.-]*";
const whole = new RegExp(`^${segment}(/${segment})*$`);

/** Of a path, for editors: a project's has its group's before it. */
export const pathPattern = (kind: "group" | "project"): string =>
  `^(?!\\d+$)${segment}(/${segment})${kind === "group" ? "*" : "+"}$`;

/** Undefined where it is one. */
export function whyNoPath(kind: "group" | "project", path: string, like: string): string | undefined {
  const wayOut = (hint: string) => `not the path of a ${kind}, like "${like}": ${shown(path)}; ${hint}`;
  if (/^\d+$/.test(path)) return `"${path}" is a text; write ${path} without quotes for the id`;
  if (whole.test(path)) {
    return kind === "group" || path.includes("/") ? undefined : wayOut("it begins with its group's path");
  }
  const [, address, within] = /^(https?:\/\/[^/]*\/)(?:groups\/)?(.*?)\/*(?:\/-\/.*)?$/.exec(path) ?? [];
  if (within !== undefined && whole.test(within)) {
    return wayOut(`leave out ${address.replace(/\/\/[^/@]*@/, "//")}`);
  }
  const several = path.split(/[\s,;]+(?:-\s*)?/);
  if (several.length > 1 && several.every((one) => whole.test(one))) return wayOut("is a dash missing?");
  if (/^(path|id|name|tags)\s*:/.test(path)) return wayOut("is a space missing behind the colon?");
  const bare = path.replace(/^[@/\s]+|[/\s]+$/g, "").replace(/\.git$/, "");
  return whole.test(bare) ? wayOut(`write ${bare}`) : wayOut("take it from the end of its address in the browser");
}

export const nameSegment = segment;
