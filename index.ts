import { FargateRunners } from "./components/fargate-runners";
import { loadSettings } from "./components/settings";

export const { hosts, cluster, image, runners, cacheBucket } = new FargateRunners("gitlab-runners", loadSettings());
