/** Which capacity a task runs on: launch type, strategy, or the cluster's default strategy. */
import { AwsError } from "../protocol";
import type { Cluster, RunTaskRequest, StrategyItem } from "./types";

/** The launch type of a whole request, or the provider of each of its tasks. */
export type Capacity = { launchType: "FARGATE" } | { providers: string[] };

/**
 * Resolves a request's capacity as ECS does.
 * @throws AwsError InvalidParameterException where ECS refuses the request
 */
export function resolveCapacity(cluster: Cluster, request: RunTaskRequest): Capacity {
  const own = request.capacityProviderStrategy ?? [];
  if (request.launchType && own.length > 0) {
    throw invalid(
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    );
  }
  if (request.launchType === "FARGATE") return { launchType: "FARGATE" };
  const strategy = own.length > 0 ? own : (cluster.defaultCapacityProviderStrategy ?? []);
  // Without a strategy ECS falls back to the launch type EC2, and the cluster has no container instances.
  if (request.launchType || strategy.length === 0) throw invalid("No Container Instances were found in your cluster.");
  for (const { capacityProvider } of strategy) {
    if (cluster.capacityProviders?.includes(capacityProvider)) continue;
    throw invalid(
      "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the " +
        "cluster. Associate the capacity provider with the cluster and try again.",
    );
  }
  return { providers: distribute(strategy, request.count ?? 1) };
}

/**
 * The provider of each of `count` tasks: bases first, then in proportion to the weights.
 * @throws AwsError InvalidParameterException when every weight is 0 and the bases do not suffice
 */
export function distribute(strategy: StrategyItem[], count: number): string[] {
  const placed: string[] = [];
  for (const { capacityProvider, base = 0 } of strategy) {
    for (let index = 0; index < base && placed.length < count; index++) placed.push(capacityProvider);
  }
  const weighted = strategy.filter(({ weight = 0 }) => weight > 0).map((item) => ({ ...item, given: 0 }));
  if (weighted.length === 0 && placed.length < count) {
    throw invalid("The specified capacity provider strategy must contain at least one provider with a weight above 0.");
  }
  while (placed.length < count) {
    const next = weighted.reduce((best, item) =>
      (item.given + 1) / item.weight! < (best.given + 1) / best.weight! ? item : best,
    );
    next.given++;
    placed.push(next.capacityProvider);
  }
  return placed;
}

const invalid = (message: string) => new AwsError("InvalidParameterException", message);
