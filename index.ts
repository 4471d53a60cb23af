import { endWithTheEngine } from "./components/engine-gone";
import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups/look-ups";
import { stackOutputs } from "./components/outputs";
import { loadGitLabAccess, loadSettings } from "./components/settings/settings";
import { shortenStackTraces } from "./components/stack-traces";

export = async () => {
  shortenStackTraces();
  endWithTheEngine();
  const settings = loadSettings();
  const found = await lookUp(settings, loadGitLabAccess(settings));
  const runners = new FargateRunners("gitlab-runners", { settings, ...found });
  return stackOutputs(runners, process.env.AWS_ENDPOINT_URL);
};
