/** Who may import which packages: package.json's at the root (program, commands, scripts) and those of the workspaces. */
import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import * as path from "node:path";
import ts from "typescript";
import { root } from "../../components/project";

type Versions = Record<string, string>;
interface Manifest {
  workspaces?: string[];
  dependencies?: Versions;
  devDependencies?: Versions;
}
const manifest = (folder: string) =>
  JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8")) as Manifest;

const project = manifest(".");
const workspaces = project.workspaces!;
const { packages: locked } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, { dev?: boolean; link?: boolean; resolved?: string }>;
};

/** What each file of a part imports: `.` for the files at the root. */
function importsOf(part: string): { file: string; imported: string }[] {
  const files = readdirSync(path.join(root, part), { recursive: part !== ".", encoding: "utf8" })
    .filter((name) => /\.[cm]?[jt]s$/.test(name) && !name.split(path.sep).includes("node_modules"))
    .map((name) => path.join(part, name));
  return files.flatMap((file) =>
    ts
      .preProcessFile(readFileSync(path.join(root, file), "utf8"), true, true)
      .importedFiles.map(({ fileName: imported }) => ({ file, imported })),
  );
}

const isRelative = (imported: string) => imported.startsWith(".");
const packageOf = (imported: string) => /^(@[^/]+\/)?[^/]+/.exec(imported)![0];

/** `file: package` of every import of a package that is not declared. */
const undeclared = (part: string, declared: Versions) =>
  importsOf(part)
    .filter(({ imported }) => !isRelative(imported) && !isBuiltin(imported) && !(packageOf(imported) in declared))
    .map(({ file, imported }) => `${file}: ${imported}`);

/** The one file that a deployment shares with the sandbox: it loads the sandbox's engine for the sandbox's stack only. */
const gate = path.join("scripts", "fleet.ts");

/** Top folders of the project that a part's files import from. */
const partsOf = (part: string) =>
  new Set(
    importsOf(part)
      .filter(({ file, imported }) => isRelative(imported) && file !== gate)
      .map(({ file, imported }) => path.join(path.dirname(file), imported).split(path.sep)[0]),
  );

describe("packages", () => {
  for (const part of ["components", "automation"]) {
    it(`of a deployment are all that ${part} imports`, () => {
      expect(importsOf(part)).not.to.be.empty;
      expect(undeclared(part, project.dependencies!)).to.deep.equal([]);
      for (const folder of partsOf(part)) expect(folder).to.be.oneOf(["components", "automation"]);
    });
  }

  it("of a deployment and tools are all that the root's files and scripts import", () => {
    expect(undeclared("scripts", { ...project.dependencies, ...project.devDependencies })).to.deep.equal([]);
    expect(undeclared(".", { ...project.dependencies, ...project.devDependencies })).to.deep.equal([]);
    for (const part of ["scripts", "."]) {
      for (const folder of partsOf(part)) expect(workspaces).not.to.include(folder);
    }
  });

  it("of the sandbox are loaded by a deployment's command for the sandbox's stack only", () => {
    const text = readFileSync(path.join(root, gate), "utf8");
    const always = [...text.matchAll(/^import .* from "(\.\.\/sandbox\/[^"]+)"/gm)].map(([, imported]) => imported);
    expect(always).to.deep.equal(["../sandbox/config"]);
    const ofConfig = importsOf("sandbox").filter(({ file }) => file === path.join("sandbox", "config.ts"));
    expect(ofConfig).not.to.be.empty;
    for (const { imported } of ofConfig) expect(imported).to.satisfy(isBuiltin);
  });

  for (const workspace of workspaces) {
    it(`of ${workspace} are all that it imports`, () => {
      expect(importsOf(workspace)).not.to.be.empty;
      expect(undeclared(workspace, manifest(workspace).devDependencies!)).to.deep.equal([]);
    });
  }

  it("of the workspaces are none of a deployment's (npm ci --omit=dev, NODE_ENV=production)", () => {
    for (const workspace of workspaces) expect(manifest(workspace)).not.to.have.property("dependencies");
    const deployed = Object.keys(locked).filter((place) => place !== "" && !locked[place].dev);
    expect(deployed).to.include.members(["node_modules/pulumi", "node_modules/tsx", "node_modules/typescript"]);
    for (const name of ["fastify", "gitlab-ci-local", "mocha", "eslint", "prettier", "node"]) {
      expect(locked).to.have.property(`node_modules/${name}`);
      expect(deployed).not.to.include(`node_modules/${name}`);
    }
  });

  it("are pinned exactly, each to one version, and all in the one node_modules", () => {
    const pins = new Map<string, Set<string>>();
    for (const folder of [".", ...workspaces]) {
      const { dependencies, devDependencies } = manifest(folder);
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        const local = /^file:(.+)/.exec(version)?.[1];
        const pin = local ? path.join(folder, local) : version;
        expect(pin, name).to.match(local ? /^sdks\// : /^\d+\.\d+\.\d+$/);
        pins.set(name, (pins.get(name) ?? new Set()).add(pin));
      }
    }
    const several = [...pins].filter(([, versions]) => versions.size > 1).map(([name]) => name);
    expect(several).to.deep.equal([]);
    const elsewhere = Object.keys(locked).filter((place) => workspaces.some((name) => place.startsWith(`${name}/`)));
    expect(elsewhere).to.deep.equal([]);
  });
});
