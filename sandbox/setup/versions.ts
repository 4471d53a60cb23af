/** Exact versions of everything that the sandbox fetches or builds. */
export const versions = {
  go: "1.26.8",
  /** https://sum.golang.org/lookup/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64 */
  goChecksum: "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
  pulumi: "3.274.1",
  gitlabRunner: "19.4.0",
  gitlabRunnerRevision: "fc1f1862",
  /** Alpine 3.23's package: https://pkgs.alpinelinux.org/package/v3.23/community/x86_64/gitlab-runner */
  alpineGitlabRunner: "18.11.2-r1",
  moto: "5.2.5",
  /** Carries Alpine 3.23.6. */
  quicksandAlpine: "0.10.1",
  debian: "bookworm",
  /** Of that Debian. */
  python: "python3.11",
  /** Where the job image's programs come from. Its OpenSSH is 10.0; Alpine 3.23's is 10.2. */
  debianOfPackages: "trixie",
} as const;
