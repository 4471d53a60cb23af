export const spots = ["never", "prefer", "only"] as const;
export type Spot = (typeof spots)[number];

export interface CapacityProvider {
  name: "FARGATE" | "FARGATE_SPOT";
  /** Share of the tasks. */
  weight: number;
  /** How many tasks at least. */
  base: number;
}

/** Fargate's capacity providers by their shares; "prefer" puts four of five tasks on spot capacity. */
export function capacityProviders(spot: Spot): CapacityProvider[] {
  switch (spot) {
    case "never":
      return [{ name: "FARGATE", weight: 1, base: 0 }];
    case "prefer":
      return [
        { name: "FARGATE_SPOT", weight: 4, base: 0 },
        { name: "FARGATE", weight: 1, base: 0 },
      ];
    case "only":
      return [{ name: "FARGATE_SPOT", weight: 1, base: 0 }];
  }
}

/** Whether a job for which both kinds of capacity will do runs on the other kind rather than fail. */
export const onSpotOrDemand = (providers: readonly CapacityProvider[]): boolean =>
  new Set(providers.map(({ name }) => name)).size > 1;
