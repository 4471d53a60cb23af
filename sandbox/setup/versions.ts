/** Exact versions of everything that the sandbox fetches or builds. */
export const versions = {
  go: "1.26.8",
  pulumi: "3.274.1",
  gitlabRunner: "19.4.0",
  gitlabRunnerRevision: "fc1f1862",
  moto: "5.2.5",
  /** Carries Alpine 3.23.6. */
  quicksandAlpine: "0.10.1",
  debian: "bookworm",
} as const;
