/** A task that starts as slowly as on Fargate, whose driver reaches its address before ECS calls it RUNNING. */
import { calm, putFault } from "../../test/support/faults";

/** In ms. Together less than on Fargate, and enough for the driver to have seen the address and to try to reach it. */
const delays = { provisioning: 2_500, pull: 2_500 };

/** For as long as `work` takes. */
export async function withSlowStart<Result>(work: () => Promise<Result>): Promise<Result> {
  await putFault({ fault: "slow-start", ...delays });
  try {
    return await work();
  } finally {
    await calm();
  }
}
