/**
 * What the driver's programs and the job image contain that others have made: what docs/third-party.md holds between its
 * marks. Modules, versions and licences are read off what Go compiles and off the files of its module cache.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import * as defaults from "../components/settings/defaults";
import { table, withMarked } from "./marked";

const root = path.resolve(__dirname, "..");
export const thirdPartyFile = path.join(root, "docs", "third-party.md");

interface Licence {
  /** As SPDX names it. */
  id: string;
  copyright: string[];
}

/** Lines such as "Copyright (c) 2014 Bob Matcuk"; a licence's own blank, "Copyright [yyyy]", is none. */
const copyrightOf = (text: string): string[] =>
  [...text.matchAll(/^[ \t]*(Copyright (?:\(c\) )?(?:\d{4}|Amazon).*)$/gim)].map(([, line]) => line.trim());

/** By the sentences that each licence has and no other. @throws Error for a text that is none of those that are known */
export function licenceOf(text: string): Licence {
  const copyright = copyrightOf(text);
  const plain = text.replace(/\s+/g, " ");
  if (plain.includes("Apache License Version 2.0")) return { id: "Apache-2.0", copyright };
  if (plain.includes("Permission is hereby granted, free of charge, to any person")) return { id: "MIT", copyright };
  if (plain.includes("Redistribution and use in source and binary forms")) {
    return { id: plain.includes("Neither the name") ? "BSD-3-Clause" : "BSD-2-Clause", copyright };
  }
  throw new Error(`no licence that scripts/third-party.ts knows: ${plain.slice(0, 80)}`);
}

/** Folders of the packages that the driver's programs are compiled of, and of the modules that they are in. */
function packages(arch: string): { folder: string; module: string; version: string; moduleFolder: string }[] {
  const fields = "{{with .Module}}{{if not .Main}}{{$.Dir}}\t{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}";
  const env = { ...process.env, GOOS: "linux", GOARCH: arch, CGO_ENABLED: "0" };
  const list = execFileSync("go", ["list", "-deps", "-f", fields, "./cmd/..."], {
    cwd: path.join(root, "driver"),
    env,
    encoding: "utf8",
  });
  const lines = list.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [folder, module, version, moduleFolder] = line.split("\t");
    return { folder, module, version, moduleFolder };
  });
}

const licenceFile = /^(licen[cs]e|copying)(\.txt|\.md)?$/i;
const noticeFile = /^notice(\.txt|\.md)?$/i;
const textOf = (folder: string, file: RegExp): string | undefined => {
  const name = readdirSync(folder).find((one) => file.test(one));
  return name === undefined ? undefined : readFileSync(path.join(folder, name), "utf8");
};

/** The nearest licence of a package: its own folder's, or that of a folder above it in its module. */
function nearest(folder: string, moduleFolder: string): string {
  const own = textOf(folder, licenceFile);
  if (own !== undefined) return own;
  if (folder === moduleFolder) throw new Error(`${moduleFolder} has no file with a licence`);
  return nearest(path.dirname(folder), moduleFolder);
}

interface Part {
  name: string;
  version: string;
  licences: Set<string>;
  copyright: Set<string>;
}

function modules(): Part[] {
  const parts = new Map<string, Part>();
  for (const { folder, module, version, moduleFolder } of ["amd64", "arm64"].flatMap(packages)) {
    const part = parts.get(module) ?? { name: module, version, licences: new Set(), copyright: new Set() };
    parts.set(module, part);
    const { id, copyright } = licenceOf(nearest(folder, moduleFolder));
    part.licences.add(id);
    for (const line of [...copyright, ...copyrightOf(textOf(moduleFolder, noticeFile) ?? "")]) part.copyright.add(line);
  }
  return [...parts.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What image/Dockerfile takes, by its own lines. */
function image(): string[][] {
  const dockerfile = readFileSync(path.join(root, "image", "Dockerfile"), "utf8");
  const [, base] = /^ARG ALPINE_IMAGE=(.*)@/m.exec(dockerfile)!;
  const [, packages] = /apk add --no-cache ([^$\\]*)/.exec(dockerfile)!;
  return [
    ["base image", `\`${base}\``],
    ["Alpine's packages, with what they need", packages.trim().split(/\s+/).sort().join(", ")],
    ["GitLab Runner's helper", `${defaults.runner.version} unless a stack names another`],
  ];
}

/** The page with its lists written again. @throws Error where it lacks their marks */
export async function thirdPartyPage(page: string): Promise<string> {
  const rows = modules().map(({ name, version, licences, copyright }) => [
    `\`${name}\``,
    version.replace(/^v/, ""),
    [...licences].sort().join(", "),
    [...copyright].join("; ") || "–",
  ]);
  const text = withMarked(page, {
    driver: table(["Module", "Version", "Licence", "Copyright"], rows),
    image: table(["Part", "What"], image()),
  });
  return format(text, { ...(await resolveConfig(thirdPartyFile)), filepath: thirdPartyFile });
}
