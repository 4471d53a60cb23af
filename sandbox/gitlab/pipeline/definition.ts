/** A pipeline after expansion: what is left of a .gitlab-ci.yml once includes, extends, rules and matrices are resolved. */

export interface PipelineDefinition {
  /** In order, `.pre` and `.post` included. */
  stages: string[];
  /** Global variables. */
  variables: Record<string, string>;
  jobs: JobDefinition[];
}

export interface JobDefinition {
  /** Unrolled: "test 1/3", "test: [linux, arm64]". */
  name: string;
  /** The name in the file. */
  baseName: string;
  stage: string;
  beforeScript: string[];
  script: string[];
  afterScript: string[];
  when: JobWhen;
  /** Exit codes: only those may fail. */
  allowFailure: boolean | number[];
  needs?: Need[];
  dependencies?: string[];
  tags: string[];
  /** In seconds. */
  timeout?: number;
  retry: Retry;
  image?: ImageDefinition;
  services: ServiceDefinition[];
  artifacts?: ArtifactsDefinition;
  cache: CacheDefinition[];
  /** The job's own, the matched rule's and the matrix's. */
  variables: Record<string, string>;
  /** Which global variables the job takes over: all, none, or those named. */
  inheritVariables: boolean | string[];
  /** Position among the copies that `parallel` makes, from 1. */
  node?: { index: number; total: number };
  matrix?: Record<string, string>;
  environment?: { name: string; action?: string; url?: string };
  hooks: Record<string, string[]>;
}

export type JobWhen = "on_success" | "on_failure" | "always" | "manual";

export interface Need {
  job: string;
  artifacts: boolean;
  optional: boolean;
  /** Only the copies with these matrix variables. */
  matrix?: Record<string, string[]>[];
}

/** What is undefined is not in the file. */
export interface Retry {
  /** 0–2. */
  max?: number;
  /** Failure reasons, or "always". */
  when?: string[];
  exitCodes?: number[];
}

export interface ImageDefinition {
  name: string;
  entrypoint?: string[];
  pullPolicy?: string[];
  executorOptions?: Record<string, unknown>;
}

export interface ServiceDefinition extends ImageDefinition {
  alias?: string;
  command?: string[];
  variables?: Record<string, string>;
}

export interface ArtifactsDefinition {
  name?: string;
  paths: string[];
  exclude: string[];
  untracked: boolean;
  when?: string;
  expireIn?: string;
  reports: Record<string, string[]>;
}

export interface CacheDefinition {
  key?: string | { files?: string[]; prefix?: string };
  paths: string[];
  untracked: boolean;
  policy: string;
  when: string;
  fallbackKeys: string[];
  unprotect: boolean;
}
