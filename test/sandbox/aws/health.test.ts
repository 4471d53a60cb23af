/** Health checks as ECS counts them. */
import { expect } from "chai";
import { taskHealth, watchHealth, type Health } from "../../../sandbox/aws/ecs/health";
import type { HealthCheck } from "../../../sandbox/aws/ecs/types";

/** What becomes of a container whose checks end like this, one after the other; it ends after the last. */
async function watch(results: boolean[], more: Partial<HealthCheck> = {}) {
  const ended = new AbortController();
  const told: { health: Health; after: number }[] = [];
  const programs: string[][] = [];
  await watchHealth(
    { command: ["CMD-SHELL", "pg_isready -q"], interval: 0.001, ...more },
    {
      async check(program) {
        programs.push(program);
        if (programs.length <= results.length) return results[programs.length - 1]!;
        ended.abort();
        return false;
      },
      changed: (health) => told.push({ health, after: programs.length }),
      ended: ended.signal,
    },
  );
  return { told, programs };
}

describe("a container's health check", () => {
  it("is run by the image's shell or without one", async () => {
    expect((await watch([])).programs).to.deep.equal([["/bin/sh", "-c", "pg_isready -q"]]);
    expect((await watch([], { command: ["CMD", "/check", "-q"] })).programs).to.deep.equal([["/check", "-q"]]);
  });

  it("makes it healthy by passing once, and unhealthy by failing so often in a row as it says", async () => {
    const [no, yes] = [false, true];
    expect((await watch([no, no, yes, no, no, yes, no, no, no, no, yes])).told).to.deep.equal([
      { health: "HEALTHY", after: 3 },
      { health: "UNHEALTHY", after: 9 },
      { health: "HEALTHY", after: 11 },
    ]);
    expect((await watch([no, no], { retries: 2 })).told).to.deep.equal([{ health: "UNHEALTHY", after: 2 }]);
  });

  it("forgives failures in the start period, until it has passed", async () => {
    const long = { startPeriod: 3600, retries: 1 };
    expect((await watch([false, false, false], long)).told).to.deep.equal([]);
    expect((await watch([false, true, false], long)).told).to.deep.equal([
      { health: "HEALTHY", after: 2 },
      { health: "UNHEALTHY", after: 3 },
    ]);
  });
});

describe("a task's health", () => {
  const container = (health: Health, essential = true, checked = true) => ({
    health,
    definition: { name: "c", image: "i", essential, ...(checked && { healthCheck: { command: ["CMD", "/check"] } }) },
  });

  it("is that of the essential containers with a check", () => {
    const [well, ill, new_] = [container("HEALTHY"), container("UNHEALTHY"), container("UNKNOWN")];
    const unchecked = container("UNKNOWN", true, false);
    expect(taskHealth([well, unchecked])).to.equal("HEALTHY");
    expect(taskHealth([well, new_])).to.equal("UNKNOWN");
    expect(taskHealth([well, new_, ill])).to.equal("UNHEALTHY");
    expect(taskHealth([well, container("UNHEALTHY", false)])).to.equal("HEALTHY");
    for (const one of [unchecked, container("HEALTHY", false)]) expect(taskHealth([one])).to.equal("UNKNOWN");
  });
});
