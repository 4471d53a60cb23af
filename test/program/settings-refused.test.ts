import { expect } from "chai";
import { editorErrors, fileWith, isOfForm } from "./support/editor";
import { errorsOf, publicKey, raw, sha256 } from "./support/settings";

describe("settings", () => {
  const refused: [string, Record<string, unknown>, string[]][] = [
    ["an unknown setting", { fargate: {} }, ["fargate: unknown key; known are groups, projects,"]],
    [
      "an unknown key of an entry",
      { groups: ["a", { path: "b", tag: ["x"] }] },
      ["groups[1].tag: unknown key; did you mean tags?"],
    ],
    [
      "a permissions boundary that is no policy",
      { permissionsBoundary: "arn:aws:iam::123456789012:role/boundary" },
      ["permissionsBoundary: not the ARN of a managed policy"],
    ],
    [
      "a runner that is too old",
      { host: { runner: { version: "17.8.12", sha256 } } },
      ["host.runner.version: 17.8.12 is too old: 17.9.0 is the first"],
    ],
    [
      "what the runner would not take",
      {
        runners: { outputLimit: 0, cloneUrl: "ssh://git", environment: { "A-B": "1", FARGATE_TASK_DEFINITION: "x" } },
        groups: [{ path: "a", runner: { featureFlags: { USE_FASTZIP: true }, environment: { A: 1 }, preBuild: "x" } }],
      },
      [
        "groups[0].runner.environment.A: not a text; put it in quotes",
        "groups[0].runner.featureFlags.USE_FASTZIP: ",
        "groups[0].runner.preBuild: unknown key; did you mean preBuildScript?",
        "runners.outputLimit:",
        "runners.environment.A-B: ",
        "runners.environment.FARGATE_TASK_DEFINITION: ",
        "runners.cloneUrl:",
      ],
    ],
    ["a duplicate", { groups: ["a", "b", "A"] }, ['groups[2]: duplicate of groups[0]: "A"']],
    [
      "a duplicate in the other notation",
      { projects: ["a/b", { path: "a/b", size: "default" }] },
      ['projects[1]: duplicate of projects[0]: "a/b"'],
    ],
    [
      "a size that is not there",
      { groups: ["a", "b", { path: "c", size: "huge" }], sizes: { large: { cpu: 1024, memory: 4096 } } },
      ["groups[2].size: no size 'huge'; sizes are default, large"],
    ],
    [
      "a pair that Fargate does not know",
      { sizes: { odd: { cpu: 256, memory: 4096 } } },
      ["sizes.odd: Fargate has no memory 4096 MiB with cpu 256; it has 512, 1024, 2048"],
    ],
    [
      "too little storage",
      { sizes: { s: { cpu: 256, memory: 512, ephemeralStorage: 20 } } },
      ["sizes.s.ephemeralStorage:"],
    ],
    [
      "bounds that Fargate does not have",
      { maxSize: { cpu: 1000, memory: 256, ephemeralStorage: 201 } },
      ["maxSize.cpu:", "maxSize.memory:", "maxSize.ephemeralStorage:"],
    ],
    [
      "a bound that no job could reach",
      { maxSize: { cpu: 4096, memory: 4096 } },
      ["maxSize: no job could use cpu 4096: Fargate has it with 8192 MiB or more, and memory is 4096"],
    ],
    ["what is no path", { groups: ["/acme/"] }, ['groups[0].path: not the path of a group, like "acme/backend"']],
    ["a project without a group", { projects: ["api"] }, ["projects[0].path: not the path of a project,"]],
    ["what is no entry", { groups: [true] }, ["groups[0]: keys with values are expected; it is true"]],
    [
      "services that are no list of patterns, and a wait that is none",
      { groups: [{ path: "a", services: { allowed: ["a"] } }], services: { allow: ["b"], wait: 0 } },
      [
        "groups[0].services: a list is expected",
        "services.wait: 0 is too small: at least 1 (seconds)",
        "services.allow: unknown key; did you mean allowed?",
      ],
    ],
    ["an entry without path or id", { groups: [{ tags: ["x"] }] }, ["groups[0]: needs either path or id"]],
    [
      "an entry with path and id",
      { projects: [{ path: "a/b", id: 7 }] },
      ["projects[0]: needs either path or id, not both"],
    ],
    ["an id that is none", { groups: [0] }, ["groups[0].id:"]],
    ["a duplicate id", { groups: [7, "a", { id: 7 }] }, ["groups[2]: duplicate of groups[0]: 7"]],
    [
      "a duplicate instance runner",
      { instanceRunners: ["shared", { name: "shared" }] },
      ['instanceRunners[1]: duplicate of instanceRunners[0]: "shared"'],
    ],
    [
      "an instance runner by path",
      { instanceRunners: [{ path: "shared" }] },
      ["instanceRunners[0].name: required: the runner's name", "instanceRunners[0].path: unknown key; known are name,"],
    ],
    [
      "what GitLab keeps beside a token of one's own",
      { groups: [{ path: "a", token: "glrt-1", tags: ["x"], protected: true, size: "default" }] },
      ["groups[0].tags: has no effect beside token;", "groups[0].protected: has no effect beside token;"],
    ],
    [
      "one token twice",
      { groups: [{ path: "a", token: "glrt-1" }], instanceRunners: [{ name: "b", token: "glrt-1" }] },
      ["instanceRunners[0].token: the same as groups[0].token"],
    ],
    [
      "a registration token",
      { groups: [{ path: "a", token: "GR1348941abc" }] },
      ["groups[0].token: a registration token;"],
    ],
    ["an empty token", { groups: [{ path: "a", token: "" }] }, ["groups[0].token: not a runner's token"]],
    [
      "a runner that takes no job",
      { groups: [{ path: "a", untagged: false }] },
      ["groups[0].untagged: false needs tags, or the runner takes no job"],
    ],
    [
      "SSH open to the world",
      { host: { adminCidrs: ["0.0.0.0/0"] } },
      ["host.adminCidrs[0]: would open SSH to the whole"],
    ],
    [
      "SSH open to the world by IPv6",
      { host: { adminCidrs: ["::/0"] } },
      ["host.adminCidrs[0]: would open SSH to the whole"],
    ],
    ["no host at all", { host: { count: 0 } }, ["host.count:"]],
    [
      "an instance type of another architecture",
      { architecture: "arm64", host: { instanceType: "t3.small" } },
      ["host.instanceType: t3.small is x86_64, but the hosts are arm64 (host.architecture)"],
    ],
    [
      "an instance type of the tasks' architecture where the hosts have another one",
      {
        architecture: "arm64",
        host: { architecture: "x86_64", instanceType: "t4g.small", runner: { sha256, helperSha256: sha256 } },
      },
      ["host.instanceType: t4g.small is arm64, but the hosts are x86_64 (host.architecture)"],
    ],
    [
      "an instance type that has too little memory to compile the driver",
      { host: { instanceType: "t3.micro" } },
      [
        "host.instanceType: t3.micro has 1 GiB of memory or less, and compiling the driver on it takes as much; t3.small",
      ],
    ],
    [
      "a proxy without address, and what is no host key",
      { host: { connection: { proxy: { hostKey: "AAAA" } } } },
      ["host.connection.proxy.host:", "host.connection.proxy.hostKey: not a public key in OpenSSH's format"],
    ],
    [
      "a proxy that any machine could play",
      { host: { connection: { proxy: { host: "bastion" } } } },
      ["host.connection.proxy.hostKey: required: the only host key that is believed: `ssh-keyscan -t ed25519,ecdsa"],
    ],
    [
      "a proxy's RSA key, which no current sshd would sign with",
      { host: { connection: { proxy: { host: "bastion", hostKey: "ssh-rsa AAAA" } } } },
      ["host.connection.proxy.hostKey: a key of type ssh-rsa; it begins with ssh-ed25519 or ecdsa-"],
    ],
    [
      "a proxy that cannot know the key that the deployment makes",
      {
        host: {
          publicKey: undefined,
          privateKey: undefined,
          connection: { proxy: { host: "bastion", hostKey: publicKey } },
        },
      },
      ["host.connection.proxy.privateKey: required where host.privateKey is left out: the key pair that the first"],
    ],
    ["no administrators' networks", { host: { adminCidrs: undefined } }, ["host.adminCidrs: required:"]],
    [
      "a public key without its private key",
      { host: { privateKey: undefined } },
      ["host.privateKey: required with host.publicKey; without both,"],
    ],
    [
      "a private key without its public key",
      { host: { publicKey: undefined } },
      ["host.publicKey: required with host.privateKey; without both,"],
    ],
    [
      "a runner without a checksum",
      { architecture: "arm64", host: { runner: { version: "19.5.0" } } },
      ["host.runner.sha256: required: `npm run checksums -- --stack STACK` looks it up, the line "],
    ],
    [
      "tasks of another architecture than the hosts' without the checksum of their helper",
      { architecture: "arm64", host: { architecture: "x86_64", runner: { sha256, version: "19.5.0" } } },
      [
        "host.runner.helperSha256: required, as tasks are arm64 and hosts x86_64: `npm run checksums -- --stack STACK` looks it " +
          "up, the line " +
          '"binaries/gitlab-runner-helper/gitlab-runner-helper.arm64" of ' +
          "https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads/v19.5.0/release.sha256",
      ],
    ],
    [
      "another Go without a checksum",
      { host: { go: { version: "1.27.0" } } },
      ["host.go.sha256: required with another version"],
    ],
    [
      "a subnet twice",
      { network: { vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2", "subnet-1"] } },
      ["network.subnetIds[2]: the same as [0]"],
    ],
    [
      "what is no package",
      { image: { packages: ["nodejs", "--root=/", "a b", "$(id)"] } },
      [1, 2, 3].map((n) => `image.packages[${n}]: not the name of an Alpine package`),
    ],
    [
      "packages for an image that is not built",
      { image: { uri: "registry/image", packages: ["git"] } },
      ["image.packages: have no effect on an image given by uri"],
    ],
    [
      "a revision and a compression for an image that is not built",
      { image: { uri: "registry/image", revision: "2", compression: "zstd" } },
      [
        "image.revision: has no effect on an image given by uri",
        "image.compression: has no effect on an image given by uri",
      ],
    ],
    [
      "a revision in two places",
      { image: { revision: "1", buildArgs: { REVISION: "2" } } },
      ["image.buildArgs: REVISION is what revision sets; use one"],
    ],
    [
      "a revision of two lines",
      { image: { revision: "a\nb" } },
      ["image.revision: not a text of up to 64 letters, digits and ._:+-"],
    ],
    [
      "packages in two places",
      { image: { packages: ["nodejs"], buildArgs: { EXTRA_PACKAGES: "npm" } } },
      ["image.buildArgs: EXTRA_PACKAGES is what packages sets; use one"],
    ],
    [
      "a helper in the image that is not the hosts' runner's",
      { image: { buildArgs: { GITLAB_RUNNER_VERSION: "18.11.2" } } },
      ["image.buildArgs.GITLAB_RUNNER_VERSION: is what host.runner sets"],
    ],
    ["half a network", { network: { vpcId: "vpc-1" } }, ["network.subnetIds: required with vpcId"]],
    [
      "a public connection to a private host",
      { network: { assignPublicIp: false }, host: { connection: { address: "public" } } },
      ["host.connection.address: the host has no public address, as network.assignPublicIp is false"],
    ],
    [
      "arguments for an image that is not built",
      { image: { uri: "registry/image", buildArgs: { A: "b" } } },
      ["image.buildArgs: have no effect on an image given by uri"],
    ],
    [
      "a repository without a ref",
      { driver: { repository: "https://git.example.com/acme/driver.git" } },
      ["driver.ref: required with driver.repository: a commit id, a tag or a branch"],
    ],
    ["a ref without a repository", { driver: { ref: "main" } }, ["driver.repository: required with driver.ref"]],
    [
      "two sources of the driver",
      { driver: { source: "bundled", repository: "git@git.example.com:acme/driver.git", ref: "main" } },
      ["driver.source: bundled is not from driver.repository"],
    ],
    [
      "credentials in the driver's address",
      { driver: { repository: "https://oauth2:glpat-x@git.example.com/acme/driver.git", ref: "main" } },
      ["driver.repository: holds credentials, which would be plain text"],
    ],
    [
      "what git would take for an option or a helper",
      { driver: { repository: "ext::sh -c true", ref: "--upload-pack=x", directory: "../.." } },
      [
        "driver.repository: not the address of a git repository",
        "driver.ref: not a branch, a tag or a commit id",
        "driver.directory: not a folder below the repository's root",
      ],
    ],
    ["a retention that CloudWatch does not have", { logs: { retentionDays: 2 } }, ["logs.retentionDays:"]],
    ["an unknown mode of spot", { spot: "always" }, ["spot:"]],
  ];
  for (const [what, over, expected] of refused) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf(raw(over));
      expect(errors).to.have.length(expected.length);
      expected.forEach((start, index) =>
        expect(errors[index]).to.satisfy((e: string) => e.startsWith(start), errors[index]),
      );
      if (errors.some(isOfForm)) expect(editorErrors(fileWith(raw(over))), "in an editor").to.not.be.empty;
    });
  }

  it("tell all errors at once", () => {
    const errors = errorsOf(
      raw({
        groups: ["a", "a", { path: "b", size: "huge", x: 1 }],
        spot: "no",
        typo: true,
        host: { adminCidrs: ["x"] },
      }),
    );
    const paths = errors.map((error) => error.split(": ")[0]).sort();
    expect(paths).to.deep.equal(["groups[1]", "groups[2].size", "groups[2].x", "host.adminCidrs[0]", "spot", "typo"]);
  });

  it("never repeat a secret in an error", () => {
    const twice = [
      { path: "a", token: "s3cret" },
      { path: "a", token: "s3cret", tags: ["x"] },
    ];
    const proxy = { host: "bastion", hostKey: publicKey, privateKey: "s3cret" };
    const errors = errorsOf(raw({ groups: twice, host: { privateKey: "s3cret", connection: { proxy } } }));
    expect(errors.map((error) => error.split(": ")[0])).to.have.members([
      "groups[1]",
      "groups[1].token",
      "groups[1].tags",
      "host.privateKey",
      "host.connection.proxy.privateKey",
    ]);
    expect(errors.join()).to.not.contain("s3cret");
  });
});
