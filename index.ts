import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups";
import { loadSettings } from "./components/settings";

export = async () => {
  // The SDK notes where each property of each resource was made. Two frames still tell where an error comes from; all of
  // them, mapped back to TypeScript, take a fifth of the time of a preview with hundreds of runners.
  Error.stackTraceLimit = 2;
  const settings = loadSettings();
  const runners = new FargateRunners("gitlab-runners", { settings, ...(await lookUp(settings)) });
  return {
    hosts: runners.hosts,
    cluster: runners.cluster,
    image: runners.image,
    runners: runners.runners,
    cacheBucket: runners.cacheBucket,
    driver: runners.driver,
  };
};
