import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups/look-ups";
import { stackOutputs } from "./components/outputs";
import { loadSettings } from "./components/settings/settings";

export = async () => {
  // The SDK notes where each property of each resource was made. Two frames still tell where an error comes from; all of
  // them, mapped back to TypeScript, take a fifth of the time of a preview with hundreds of runners.
  Error.stackTraceLimit = 2;
  const settings = loadSettings();
  return stackOutputs(new FargateRunners("gitlab-runners", { settings, ...(await lookUp(settings)) }));
};
