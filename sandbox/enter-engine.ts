/** Makes this process one that works on the sandbox's stack, as `npm run preview -- --stack sandbox` does. */
import { engineEnvironment } from "./engine";
import { requireStatus } from "./presence";

/** Changes the environment of this process. @throws UserError where no sandbox is up */
export async function enterEngine(): Promise<void> {
  const { debugProviders } = await requireStatus();
  const environment = await engineEnvironment(debugProviders);
  for (const name of Object.keys(process.env)) if (environment[name] === undefined) delete process.env[name];
  Object.assign(process.env, environment);
}
