/** What a user types wrong in the stack's file, and what he is told: one row for each mistake. */
import { expect } from "chai";
import { z } from "zod";
import { parse } from "yaml";
import { describeIssues, sentences } from "../../components/settings/messages";
import { distance, nearest } from "../../components/settings/nearest";
import { schema } from "../../components/settings/schema";
import { factsOf } from "../../components/settings/schema-facts";
import { parseSettings } from "../../components/settings/settings";
import { inUnit, shown } from "../../components/settings/values-shown";
import { settingsOf } from "../../scripts/settings-reference";
import { raw } from "./support/settings";

/** The lines of the error, without its headline; `host` is merged into one that will do. */
function toldOf(yaml: string): string[] {
  try {
    parseSettings(raw(parse(yaml) as Record<string, unknown>));
    return [];
  } catch (error) {
    const [headline, ...lines] = (error as Error).message.split("\n");
    expect(headline).to.match(/^The stack's settings .* are wrong:$/);
    return lines.map((line) => line.trim());
  }
}

const list = 'a list is expected, each entry on a line of its own with "- ", or';
const entries = "[acme/backend, 42, {path: acme/data, tags: [large], size: large}]";
const noGroup = 'groups[0].path: not the path of a group, like "acme/backend":';

/** As YAML, for each what is told. */
const rows: [yaml: string, ...told: string[]][] = [
  // Lists
  ["groups: acme/backend", `groups: ${list} like ${entries}; it is a text`],
  ["groups:\n  -acme/backend\n  -acme/frontend", `groups: ${list} like ${entries}; it is a text`],
  ['groups: ""', `groups: empty; write [] for none, or a list like ${entries}`],
  ["groups: [a, ]\nimage: {packages: nodejs}", `image.packages: ${list} [nodejs]; it is "nodejs"`],
  ["groups: [{path: a, tags: large}]", `groups[0].tags: ${list} [large]; it is "large"`],
  ['groups: [{path: a, tags: "large, arm"}]', `groups[0].tags: ${list} [large, arm]; it is "large, arm"`],
  ["host: {adminCidrs: 10.0.0.0/8}", `host.adminCidrs: ${list} [10.0.0.0/8]; it is "10.0.0.0/8"`],
  ["network: {vpcId: vpc-1, subnetIds: []}", "network.subnetIds: at least 1 entry is needed"],
  // Entries
  ["groups:\n  - a\n  -", "groups[1]: empty; take it out, or give it keys"],
  ["groups:\n  - acme/backend\n    acme/frontend", `${noGroup} "acme/backend acme/frontend"; is a dash missing?`],
  ["groups:\n  - path:acme/backend", `${noGroup} "path:acme/backend"; is a space missing behind the colon?`],
  [
    "groups: ['https://gitlab.example.com/acme/backend']",
    `${noGroup} "https://gitlab.example.com/acme/backend"; leave out https://gitlab.example.com/`,
  ],
  [
    "groups: ['https://gitlab.example.com/groups/acme/backend/-/runners']",
    `${noGroup} "https://gitlab.example.com/groups/acme/backend/-/runners"; leave out https://gitlab.example.com/`,
  ],
  ["groups: ['/acme/backend']", `${noGroup} "/acme/backend"; write acme/backend`],
  ["groups: ['acme/backend/']", `${noGroup} "acme/backend/"; write acme/backend`],
  ["groups: ['@acme/backend']", `${noGroup} "@acme/backend"; write acme/backend`],
  ["groups: ['Acme / Backend']", `${noGroup} "Acme / Backend"; take it from the end of its address in the browser`],
  ['groups: ["11"]', 'groups[0].path: "11" is a text; write 11 without quotes for the id'],
  [
    "projects: [api]",
    'projects[0].path: not the path of a project, like "acme/backend/api": "api"; it begins with its group\'s path',
  ],
  [
    "projects: ['git@gitlab.example.com:acme/api.git']",
    'projects[0].path: not the path of a project, like "acme/backend/api": "git@gitlab.example.com:acme/api.git"; ' +
      "take it from the end of its address in the browser",
  ],
  ["groups: [true]", "groups[0]: keys with values are expected; it is true"],
  ["groups: [{path: a, limit: 0}]", "groups[0].limit: 0 is too small: at least 1"],
  ['groups: [{path: a, limit: "4"}]', 'groups[0].limit: "4" is a text; write 4 without quotes'],
  ["groups: [{path: a, size: defualt}]", "groups[0].size: no size 'defualt'; did you mean default?"],
  ["groups: [{path: a, size: huge}]", "groups[0].size: no size 'huge'; sizes are default"],
  [
    'groups: [{path: a, maintenanceNote: ""}, {path: "", id: 0}]',
    `groups[1].path: not the path of a group, like "acme/backend": empty; take it from the end of its address in the browser`,
    "groups[1].id: 0 is too small: at least 1",
    "groups[1]: needs either path or id, not both",
  ],
  [
    "instanceRunners: ['shared one']",
    'instanceRunners[0].name: not a name of letters, digits, dots, dashes: "shared one"',
  ],
  // Units
  [
    "groups: [{path: a, maximumTimeout: 2h}]",
    'groups[0].maximumTimeout: expected a number of seconds, not "2h"; write 7200',
  ],
  ["groups: [{path: a, maximumTimeout: soon}]", 'groups[0].maximumTimeout: expected a number of seconds, not "soon"'],
  ["groups: [{path: a, maximumTimeout: 60}]", "groups[0].maximumTimeout: 60 is too small: at least 600 (seconds)"],
  ["sizes: {large: {cpu: 1024, memory: 2GB}}", 'sizes.large.memory: expected a number of MiB, not "2GB"; write 2048'],
  ["sizes: {large: {cpu: 1024}}", "sizes.large.memory: required (MiB), like 16384"],
  [
    "sizes: {large: {cpu: 2 vCPU, memory: 2048}}",
    'sizes.large.cpu: expected a number of CPU units, not "2 vCPU"; write 2048',
  ],
  ['sizes: {large: {cpu: "1024", memory: 2048}}', 'sizes.large.cpu: "1024" is a text; write 1024 without quotes'],
  [
    "sizes: {large: {cpu: 1024, memory: 2048, ephemeralStorage: 20}}",
    "sizes.large.ephemeralStorage: 20 is too small: at least 21 (GiB)",
  ],
  [
    "maxSize: {cpu: 1000, ephemeralStorage: 300}",
    "maxSize.cpu: there is no 1000; the nearest are 512 and 1024 (CPU units)",
    "maxSize.ephemeralStorage: 300 is too large: at most 200 (GiB)",
  ],
  ["logs: {retentionDays: 10}", "logs.retentionDays: there is no 10; the nearest are 7 and 14 (days)"],
  ["logs: {retentionDays: 9999}", "logs.retentionDays: there is no 9999; the nearest is 3653 (days)"],
  ['logs: {retentionDays: "30"}', 'logs.retentionDays: "30" is a text; write 30 without quotes'],
  ["cache: {expiryDays: 0}", "cache.expiryDays: 0 is too small: at least 1 (days)"],
  ["alarms: {diskPercent: 90%}", 'alarms.diskPercent: expected a number of percent, not "90%"; write 90'],
  ["host: {concurrency: -1}", "host.concurrency: -1 is too small: at least 1"],
  ["host: {concurrency: 1.5}", "host.concurrency: 1.5 is not a whole number"],
  ["host: {count: many}", 'host.count: expected a number, not "many"'],
  // Texts, switches, objects
  ["tags: {cost-center: 4711}", 'tags.cost-center: 4711 is a number; quote it: "4711"'],
  ["tags: [a]", "tags: names with values are expected, like {environment: production}; it is a list"],
  ["groups: [{path: a, tags: [5]}]", 'groups[0].tags[0]: 5 is a number; quote it: "5"'],
  ["host: {goProxy: [a]}", "host.goProxy: a text is expected, like https://goproxy.example.com,direct; it is a list"],
  ["image: {buildArgs: {DEBUG: true}}", 'image.buildArgs.DEBUG: true is a switch; quote it: "true"'],
  ["groups: [{path: a, protected: yes}]", 'groups[0].protected: "yes" is a text; write true'],
  ["dashboard: Off", 'dashboard: "Off" is a text; write false'],
  ["protect: maybe", 'protect: expected true or false, not "maybe"'],
  ["alarms: true", "alarms: keys with values are expected, like {email: ci@example.com}; it is true"],
  ["cache: yes", 'cache: keys with values are expected; it is "yes"'],
  // One of several
  ["architecture: amd64", 'architecture: "amd64" is unknown; did you mean x86_64?'],
  ["architecture: aarch64", 'architecture: "aarch64" is unknown; did you mean arm64?'],
  ["spot: perfer", 'spot: "perfer" is unknown; did you mean prefer?'],
  ["spot: true", "spot: true is unknown; it is one of never, prefer, only"],
  // Keys
  ["group: [a]", "group: unknown key; did you mean groups?"],
  ["maxsize: {}", "maxsize: unknown key; did you mean maxSize?"],
  ["permissions-boundary: x", "permissions-boundary: unknown key; did you mean permissionsBoundary?"],
  ["concurrency: 4", "concurrency: unknown key; did you mean host.concurrency?"],
  ["groups: [{path: a, sise: large}]", "groups[0].sise: unknown key; did you mean size?"],
  [
    "sizes: {large: {cpu: 1024, mem: 2048}}",
    "sizes.large.memory: required (MiB), like 16384",
    "sizes.large.mem: unknown key; did you mean memory?",
  ],
  ["logs: {colour: red}", "logs.colour: unknown key; known are retentionDays, kmsKeyId"],
  [
    "gitlab-fargate-runners: {groups: [a]}",
    "gitlab-fargate-runners: unknown key; the namespace stands before each setting: gitlab-fargate-runners:groups",
  ],
  [
    "sizes: {my size: {cpu: 1024, memory: 2048}}",
    'sizes["my size"]: not a name of lower-case letters, digits, dashes: "my size"',
  ],
  // What the schema says itself
  ["network: {vpcId: default, subnetIds: [subnet-1]}", 'network.vpcId: "default" does not begin with "vpc-"'],
  [
    "host: {go: {baseUrl: mirror.example.com}}",
    'host.go.baseUrl: "mirror.example.com" is not an address, like https://mirror.example.com/ci',
  ],
  ["alarms: {email: ci}", 'alarms.email: not an e-mail address: "ci"'],
  [
    "permissionsBoundary: admin",
    'permissionsBoundary: not the ARN of a managed policy, like "arn:aws:iam::123456789012:policy/boundary": "admin"',
  ],
];

describe("what is told of wrong settings", () => {
  for (const [yaml, ...told] of rows) {
    it(yaml.replace(/\n\s*/g, " ⏎ "), () => expect(toldOf(yaml)).to.deep.equal(told));
  }

  it("never shows a secret's value, whatever type it has and wherever it was put", () => {
    for (const yaml of [
      "groups: [{path: a, token: 471147114711}]",
      "groups: [{path: a, token: {s3cret: x}}]",
      "groups: glrt-s3cret",
      "groups: [{path: a, tags: glrt-s3cret}]",
      "groups: [{path: a, size: glrt-s3cret}]",
      "groups: [{path: a, name: [glrt-s3cret]}]",
      "groups: ['https://oauth2:s3cret@gitlab.example.com/acme/backend']",
      "groups: ['glpat-s3cret x']",
      "host: {privateKey: 471147114711}",
      "host: {connection: {proxy: {host: b, privateKey: [s3cret]}}}",
      "host: {connection: {proxy: s3cret}}",
      "spot: glpat-s3cret",
      "protect: '-----BEGIN OPENSSH PRIVATE KEY----- s3cret'",
      "network: {httpProxy: 'user:s3cret@proxy:3128'}",
      "network: {httpProxy: {url: 'user:s3cret@proxy:3128'}}",
      "runners: {cloneUrl: 'user:s3cret@gitlab.example.com'}",
      "groups: ['token: glrt-s3cret']",
      "groups: ['token: glrt-s3cret', 'token: glrt-s3cret']",
      "groups: [{path: a, tags: 'token: glrt-s3cret'}]",
      "images: {allowed: ['https://user:s3cret@registry.example.com/**']}",
      "image: {uri: 'user:s3cret@registry.example.com/ x'}",
    ]) {
      const told = toldOf(yaml);
      expect(told, yaml).to.not.be.empty;
      expect(told.join("\n"), yaml).to.not.match(/s3cret|4711/);
    }
  });

  it("shows what only looks like a secret", () => {
    for (const text of [
      "alpine:3.23@sha256:ab",
      "acme/global-tools",
      "registry.example.com:5000/a",
      "me@example.com",
    ]) {
      expect(shown(text)).to.equal(JSON.stringify(text));
    }
  });

  it("leaves no issue of the schema to zod's words", () => {
    const settings = settingsOf(schema);
    expect(settings).to.not.be.empty;
    const wrong: unknown[] = [null, "", "?", -1.5, true, [], [[]], { "?": {} }, undefined];
    const zods = /^(Invalid|Too (small|big)|Unrecognized|Expected)/;
    for (const { path, schema: own } of settings) {
      for (const input of wrong) {
        const { error } = z.safeParse(own, input, { error: sentences(own), reportInput: true });
        for (const line of error ? describeIssues(own, error.issues) : []) {
          expect(line.split(": ").slice(1).join(": "), `${path} = ${JSON.stringify(input)}`).to.not.match(zods);
        }
      }
    }
  });

  it("tells the unit of each number that has one, by its description", () => {
    const numbers = settingsOf(schema).filter(({ type }) => /^integer/.test(type));
    const without = numbers.filter(({ schema: own }) => factsOf(own, []).unit === undefined);
    expect(without.map(({ path }) => path)).to.deep.equal([
      "groups[].id",
      "groups[].limit",
      "groups[].runner.requestConcurrency",
      "projects[].id",
      "projects[].limit",
      "projects[].runner.requestConcurrency",
      "instanceRunners[].limit",
      "instanceRunners[].runner.requestConcurrency",
      "runners.requestConcurrency",
      "host.count",
      "host.connection.proxy.port",
      "host.concurrency",
      "alarms.taskStartFailures",
      "alarms.systemFailures",
      "metrics.port",
    ]);
  });
});

describe("the nearest name", () => {
  it("is one with a letter too much, too few, exchanged or swapped", () => {
    expect([distance("size", "sise"), distance("size", "siez"), distance("size", "sizes"), distance("", "abc")]).to.eql(
      [1, 1, 1, 3],
    );
    expect(nearest("sise", ["tags", "size"])).to.equal("size");
    expect(nearest("max_size", ["sizes", "maxSize"])).to.equal("maxSize");
    expect(nearest("mem", ["cpu", "memory"])).to.equal("memory");
  });

  it("is none where nothing is near", () => {
    expect(nearest("colour", ["tags", "size"])).to.equal(undefined);
    expect(nearest("x", ["cpu", "id"])).to.equal(undefined);
  });
});

describe("a number with a unit of its own", () => {
  it("is converted where it means one", () => {
    const units: [string, string][] = [
      ["90m", "seconds"],
      ["2 hours", "seconds"],
      ["1d", "minutes"],
      ["2w", "days"],
      ["1.5GiB", "MiB"],
    ];
    expect(units.map(([text, unit]) => inUnit(text, unit))).to.deep.equal([5400, 7200, 1440, 14, 1536]);
    expect(inUnit("2 parsecs", "seconds")).to.equal(undefined);
    expect(inUnit("h", "seconds")).to.equal(undefined);
  });
});
