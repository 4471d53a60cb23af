/** The jobs' cache: a pipeline with one, and what a job's log says where it does not work. */

/** Two jobs, of which the first fills a cache of this key and the second finds it, if it works: it prints "by-fill". */
export function cachingPipeline(key: string, variables: Record<string, string> = {}, script: string[] = []): string {
  const job = (stage: string) => ({
    stage,
    variables: { GIT_STRATEGY: "none", ...variables },
    cache: { key, paths: ["kept"] },
    script: [...script, "cat kept/file || true", "mkdir -p kept", "echo by-$CI_JOB_NAME > kept/file"],
  });
  return JSON.stringify({ stages: ["fill", "find"], fill: job("fill"), find: job("find") });
}

/** Of scripts that the image's gitlab-runner does not understand, or that find none. */
const helperFailure = /flag provided but not defined|Missing gitlab-runner\. .* is disabled/;

/**
 * The lines that say that cache or artifacts do not work. The runner only warns of it, and the job stays green. A cache
 * that was not filled yet is told in the same words as one that cannot be read, and is no failure.
 */
export function cacheFailures(trace: string): string[] {
  let absent = false;
  return trace
    .replaceAll(/\x1b\[[0-9;]*[mK]/g, "")
    .split("\n")
    .filter((line) => {
      if (line.includes("Checking cache for ")) absent = false;
      // Whoever may not list a bucket is told 403.
      if (/file (does not|doesn't) exist/i.test(line)) absent = true;
      return line.includes("Failed to extract cache")
        ? !absent
        : line.includes("Failed to create cache") || helperFailure.test(line);
    });
}
