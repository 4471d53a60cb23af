/** What a new stack will cost, from the prices of docs/costs.md. Pure functions. */
import { atRest, taskMinute } from "./costs";
import type { Answers } from "./init-answers";
import { jobSize, taskArchitecture } from "./init-file";
import { prices } from "./prices";

/** One sentence. */
export function costsOf({ instanceType }: Answers): string {
  const cents = (taskMinute(jobSize, taskArchitecture) * 100).toFixed(3);
  const job = `a job of the default size ${cents} cents a minute on demand`;
  const priced = Object.hasOwn(prices.instance, instanceType);
  const own = { hosts: 1, instanceType, publicAddresses: true, alarms: false, dashboard: false };
  const sum = priced ? Object.values(atRest(own)).reduce((a, b) => a + b, 0) : undefined;
  const rest =
    sum === undefined ? `no price of ${instanceType} is known here` : `$${sum.toFixed(2)} a month for host and address`;
  return `Costs, by AWS's prices of us-east-1 (docs/costs.md): at rest ${rest}; ${job}; logs, images and traffic besides`;
}
