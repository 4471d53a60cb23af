export type Spot = "never" | "prefer" | "only";

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
