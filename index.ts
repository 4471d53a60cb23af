import { endWithTheEngine } from "./components/engine-gone";
import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups/look-ups";
import { stackOutputs } from "./components/outputs";
import { loadSettings } from "./components/settings/settings";
import { shortenStackTraces } from "./components/stack-traces";

export = async () => {
  shortenStackTraces();
  endWithTheEngine();
  const settings = loadSettings();
  return stackOutputs(new FargateRunners("gitlab-runners", { settings, ...(await lookUp(settings)) }));
};
