/** Around the end-to-end tests: they start on a machine without a sandbox, and leave it so. */
import { readStatus } from "../../sandbox/control/client";
import { sandboxOk } from "./sandbox";

export const mochaHooks = {
  async beforeAll(): Promise<void> {
    if (await readStatus()) throw new Error("a sandbox is up; take it down first: npm run sandbox -- down");
  },
  async afterAll(): Promise<void> {
    await sandboxOk(["down"]);
  },
};
