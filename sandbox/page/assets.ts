/** The page's files, as they are served: plain modules, with the libraries of the packages beside them. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

interface Asset {
  type: string;
  content: Buffer | string;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The packages' files that the page loads, by folder of the package. */
const libraries: Record<string, string[]> = {
  "lit-html": ["lit-html.js", "directive.js", "directive-helpers.js", "directives/repeat.js"],
  "ansi-sequence-parser": ["dist/index.js"],
};

/** What the page's modules call these files. */
const importMap = JSON.stringify({
  imports: {
    "lit-html": "./lib/lit-html/lit-html.js",
    "lit-html/": "./lib/lit-html/",
    "ansi-sequence-parser": "./lib/ansi-sequence-parser/dist/index.js",
  },
});

const client = path.join(__dirname, "client");
const packages = path.join(__dirname, "..", "..", "node_modules");

/** By path under the page's address; the page itself is the empty one. */
export function readAssets(): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  const add = (name: string, file: string) =>
    assets.set(name, { type: types[path.extname(file)], content: readFileSync(file) });
  for (const file of readdirSync(client)) {
    if (path.extname(file) in types) add(file, path.join(client, file));
  }
  for (const [name, files] of Object.entries(libraries)) {
    for (const file of files) add(`lib/${name}/${file}`, path.join(packages, name, file));
  }
  const html = assets.get("index.html")!;
  assets.delete("index.html");
  assets.set("", { ...html, content: html.content.toString().replace("IMPORT_MAP", importMap) });
  return assets;
}

/** The page loads nothing but its own, from here, and no text of a job can become a script or a style. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash("sha256").update(importMap).digest("base64")}'`,
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");
