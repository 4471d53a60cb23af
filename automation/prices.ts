/**
 * List prices of AWS in us-east-1, in US dollars, with where and when they were read. Other regions differ; taxes and
 * free tiers are left out.
 */
export const prices = {
  /** Per hour. */
  fargate: {
    x86_64: { vcpu: 0.04048, gigabyte: 0.004445 },
    arm64: { vcpu: 0.03238, gigabyte: 0.00356 },
    /** Per GB beyond the 20 that each task has. */
    storage: 0.000111,
  },
  /** Per hour. */
  instance: { "t3.small": 0.0208, "t3.medium": 0.0416, "t4g.small": 0.0168, "t4g.medium": 0.0336 } as Record<
    string,
    number
  >,
  /** Per hour. */
  publicAddress: 0.005,
  /** Per month. */
  metric: 0.3,
  alarm: 0.1,
  dashboard: 3,
} as const;

/** As the AWS pricing calculator counts. */
export const hoursPerMonth = 730;
