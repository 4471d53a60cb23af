/** renovate.json finds the pins that it is to keep: each expression matches in each file that it names. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { root } from "../../components/project";
import * as defaults from "../../components/settings/defaults";
import { versions } from "../../sandbox/setup/versions";

interface CustomManager {
  description: string;
  managerFilePatterns: string[];
  matchStrings: string[];
  depNameTemplate?: string;
  datasourceTemplate: string;
}
interface PackageRule {
  description: string;
  matchDatasources?: string[];
  matchFileNames?: string[];
  matchManagers?: string[];
  matchPackageNames?: string[];
  matchUpdateTypes?: string[];
  prBodyNotes?: string[];
  groupName?: string;
  enabled?: boolean;
  minimumReleaseAgeBehaviour?: string;
}
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");
const { customManagers, packageRules, ignorePaths, rangeStrategy } = JSON.parse(read("renovate.json")) as {
  customManagers: CustomManager[];
  packageRules: PackageRule[];
  ignorePaths: string[];
  rangeStrategy?: string;
};

interface Update {
  name: string;
  datasource: string;
  manager: string;
  file: string;
  type: string;
}

/** As Renovate applies them: all that match, in their order; what a later one sets takes the place of what was set. */
function ruled({ name, datasource, manager, file, type }: Update): Partial<PackageRule> {
  const fits = (globs: string[] | undefined, text: string) =>
    globs === undefined || globs.some((glob) => path.matchesGlob(text, glob));
  const matching = packageRules.filter(
    (rule) =>
      fits(rule.matchPackageNames, name) &&
      fits(rule.matchDatasources, datasource) &&
      fits(rule.matchManagers, manager) &&
      fits(rule.matchFileNames, file) &&
      fits(rule.matchUpdateTypes, type),
  );
  return Object.assign({}, ...matching) as Partial<PackageRule>;
}
const npm = (name: string, file = "package.json", type = "minor"): Update => {
  return { name, datasource: "npm", manager: "npm", file, type };
};
const go = (name: string, file: string): Update => {
  return { name, datasource: "go", manager: "gomod", file, type: "minor" };
};
const custom = (name: string, datasource: string, file: string): Update => {
  return { name, datasource, manager: "custom.regex", file, type: "minor" };
};

interface Pin {
  name: string;
  file: string;
  value: string;
}

/** As Renovate looks for them: each expression in the whole text, without flags but for all matches. */
const pins = customManagers.flatMap(({ managerFilePatterns, matchStrings, depNameTemplate }) =>
  managerFilePatterns.flatMap((file) =>
    matchStrings.flatMap((expression) =>
      [...read(file).matchAll(new RegExp(expression, "g"))].map(({ groups = {} }): Pin => {
        return { name: depNameTemplate ?? groups.depName, file, value: groups.currentValue };
      }),
    ),
  ),
);
const valuesOf = (name: string) => pins.filter((pin) => pin.name === name).map(({ file, value }) => `${file} ${value}`);

describe("renovate.json", () => {
  for (const { description, managerFilePatterns, matchStrings, depNameTemplate } of customManagers) {
    it(`finds pins: ${description} (${depNameTemplate ?? "by name"})`, () => {
      for (const expression of matchStrings) {
        expect(expression, "RE2, which Renovate has, knows none of these").to.not.match(/\(\?<?[=!]|\\\d/);
        expect(expression).to.contain("(?<currentValue>");
        if (depNameTemplate === undefined) expect(expression).to.contain("(?<depName>");
        expect(managerFilePatterns.filter((file) => new RegExp(expression).test(read(file)))).to.not.deep.equal([]);
      }
      for (const file of managerFilePatterns) {
        expect(
          matchStrings.some((expression) => new RegExp(expression).test(read(file))),
          file,
        ).to.equal(true);
      }
    });
  }

  it("finds every place of the runner's, Go's and the CLI's version that decides what is run", () => {
    const runner = ["components/settings/defaults.ts", "sandbox/setup/versions.ts"];
    const stacks = ["dev", "prod", "sandbox"].map((name) => `Pulumi.${name}.yaml`);
    expect(valuesOf("gitlab-org/gitlab-runner")).to.deep.equal(
      [...runner, ...stacks].map((file) => `${file} ${defaults.runner.version}`),
    );
    expect(valuesOf("go")).to.deep.equal([...runner, stacks[2]].map((file) => `${file} ${defaults.go.version}`));
    expect(valuesOf("pulumi/pulumi")).to.deep.equal([`sandbox/setup/versions.ts ${versions.pulumi}`]);
  });

  it("finds the base image with its digest, and Python's packages one by one", () => {
    const { matchStrings } = customManagers.find(({ datasourceTemplate }) => datasourceTemplate === "docker")!;
    const { groups } = new RegExp(matchStrings[0]).exec(read("image/Dockerfile"))!;
    expect(groups).to.include({ depName: "public.ecr.aws/docker/library/alpine", currentValue: "3.23" });
    expect(groups!.currentDigest).to.match(/^sha256:[0-9a-f]{64}$/);
    for (const list of ["moto/requirements.in", "linters/requirements.in", "alpine/requirements.txt"]) {
      const file = `sandbox/setup/${list}`;
      const lines = read(file)
        .split("\n")
        .filter((line) => /^\w/.test(line));
      const found = pins.filter((pin) => pin.file === file).map(({ name, value }) => [name, value]);
      expect(found).to.deep.equal(lines.map((line) => [/^[\w-]+/.exec(line)![0], /==([\w.]+)/.exec(line)![1]]));
    }
    expect(valuesOf("moto")).to.have.length(2);
    expect(new Set(valuesOf("moto").map((pin) => pin.split(" ")[1]))).to.have.property("size", 1);
  });

  it("finds the GitLab provider's version wherever it stands", () => {
    const { version } = JSON.parse(read("sdks/gitlab/package.json")) as { version: string };
    const files = ["sdks/gitlab/package.json", "sdks/gitlab/package.json", "sandbox/providers/gitlab.ts"];
    expect(valuesOf("@pulumi/gitlab")).to.deep.equal(files.map((file) => `${file} ${version}`));
    for (const { file } of pins)
      expect(
        ignorePaths.some((glob) => path.matchesGlob(file, glob)),
        file,
      ).to.equal(false);
  });

  it("groups what belongs together, by the last rule of each", () => {
    const groups: [Update, string | undefined][] = [
      [npm("pulumi"), "Pulumi"],
      [npm("@pulumi/pulumi", "sandbox/package.json", "patch"), "Pulumi"],
      [npm("@pulumi/pulumi", "package.json", "major"), "Pulumi"],
      [npm("@pulumi/aws"), "npm packages"],
      [npm("yaml"), "npm packages"],
      [npm("yaml", "package.json", "major"), undefined],
      [custom("pulumi/pulumi", "github-releases", "sandbox/setup/versions.ts"), "Pulumi"],
      [custom("@pulumi/gitlab", "npm", "sdks/gitlab/package.json"), "GitLab provider"],
      [go("github.com/pulumi/pulumi/sdk/v3", "sandbox/setup/pulumi/go.mod"), "Pulumi"],
      [custom("gitlab-org/gitlab-runner", "gitlab-releases", "Pulumi.dev.yaml"), "GitLab Runner"],
      [go("gitlab.com/gitlab-org/gitlab-runner", "sandbox/setup/gitlab-runner/go.mod"), "GitLab Runner"],
      [go("gitlab.com/gitlab-org/gitlab-runner", "driver/go.mod"), "GitLab Runner"],
      [go("golang.org/x/crypto", "driver/go.mod"), "modules of the driver"],
      [custom("go", "golang-version", "sandbox/setup/versions.ts"), "Go"],
      [custom("public.ecr.aws/docker/library/alpine", "docker", "image/Dockerfile"), "Alpine"],
      [custom("moto", "pypi", "sandbox/setup/versions.ts"), "Python packages of the sandbox"],
    ];
    for (const [update, group] of groups) expect(ruled(update).groupName, JSON.stringify(update)).to.equal(group);
  });

  it("lets no update wait for a date that nobody tells", () => {
    const undated = ["docker", "repology"];
    for (const { datasourceTemplate: datasource } of customManagers) {
      const { minimumReleaseAgeBehaviour } = ruled(custom("x", datasource, "x"));
      expect(minimumReleaseAgeBehaviour, datasource).to.equal(
        undated.includes(datasource) ? "timestamp-optional" : undefined,
      );
    }
    expect(undated).to.satisfy((all: string[]) =>
      all.every((one) => customManagers.some(({ datasourceTemplate }) => datasourceTemplate === one)),
    );
  });

  it("leaves alone what is a range, or a person's to choose", () => {
    expect(rangeStrategy, "another than Renovate's own pins engines.node").to.equal(undefined);
    expect(ruled(npm("@pulumi/pulumi", "sdks/gitlab/package.json")).enabled).to.equal(false);
    const fork = "sandbox/setup/aws-provider/go.mod";
    expect(ruled(go("github.com/pulumi/pulumi/sdk/v3", fork)).enabled).to.equal(false);
    expect(ruled(npm("@pulumi/aws")).prBodyNotes!.join()).to.contain(path.dirname(fork));
  });

  it("leaves no version of the sandbox out, but for names of Debian's releases and what belongs to another pin", () => {
    const others = ["goChecksum", "gitlabRunnerRevision", "debian", "python", "debianOfPackages"];
    const found = pins.filter(({ file }) => file === "sandbox/setup/versions.ts").map(({ value }) => value);
    const wanted = Object.entries(versions).filter(([key]) => !others.includes(key));
    expect(found.sort()).to.deep.equal(wanted.map(([, value]) => value).sort());
  });

  it("looks into every manifest of packages that is not somebody else's", () => {
    const below = (folder: string) =>
      fs.readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`);
    const files = ["driver", "sandbox", "test", "bench", "sdks"].flatMap(below);
    const manifests = ["package.json", ...files.filter((file) => /\/(package\.json|go\.mod)$/.test(file))];
    const ignored = manifests.filter((file) => ignorePaths.some((glob) => file.startsWith(glob.replace("**", ""))));
    expect(ignored).to.not.be.empty;
    for (const file of ignored) expect(file).to.match(/\/stubs\//);
    expect(manifests).to.include.members(["package.json", "test/package.json", "driver/go.mod"]);
  });

  it("names files and commands that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const { matchFileNames = [], prBodyNotes = [] } of packageRules) {
      for (const file of matchFileNames)
        expect(fs.existsSync(path.join(root, file.replace(/\*\*$/, ""))), file).to.equal(true);
      for (const [, script] of prBodyNotes.join(" ").matchAll(/npm (?:run )?([\w:-]+)/g))
        expect(scripts).to.have.property(script);
      for (const [file] of prBodyNotes.join(" ").matchAll(/\b[\w-]+\/[\w./-]+\.(ts|json|mod|txt)\b/g)) {
        if (!file.startsWith("dev/")) expect(fs.existsSync(path.join(root, file)), file).to.equal(true);
      }
    }
  });
});
