import type { Architecture } from "./types";

/** A processor architecture as Go, GitLab's releases and container platforms name it. */
export type GoArch = "amd64" | "arm64";

export const goArch = (architecture: Architecture): GoArch => (architecture === "arm64" ? "arm64" : "amd64");
