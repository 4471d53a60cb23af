import { FargateRunners } from "./components/fargate-runners";
import { lookUp } from "./components/look-ups";
import { loadSettings } from "./components/settings";

export = async () => {
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
