import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups";
import { stackOutputs } from "./components/outputs";
import { loadSettings } from "./components/settings";

export = async () => {
  const settings = loadSettings();
  return stackOutputs(new FargateRunners("gitlab-runners", { settings, ...(await lookUp(settings)) }));
};
