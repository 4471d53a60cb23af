/** What a change does to a host beyond what its operation says. */
import type { Change } from "./changes";

/** A step of the set-up that is reached by another address, key or proxy finds everything as it left it. */
export const isReachedAnotherWay = ({ op, properties }: Change): boolean =>
  op === "update" && properties.length > 0 && properties.every(({ path }) => /^connection\b/.test(path));

/** Properties of an instance that AWS changes only while it is stopped. */
const whileStopped = new Set(["instanceType", "userData", "userDataBase64", "ebsOptimized", "cpuOptions"]);

export const stopsHost = ({ op, properties }: Change): boolean =>
  op === "update" && properties.some(({ path }) => whileStopped.has(path.split(/[.[]/)[0]));
