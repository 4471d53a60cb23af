/** Runs the whole program, but for index.ts, on settings that tests give. */
import { FargateRunners } from "../../../components/fargate-runners";
import { lookUp, type LookUps } from "../../../components/look-ups/look-ups";
import { parseSettings } from "../../../components/settings/settings";
import { deploy, type Deployment, type World } from "./deploy";
import { raw } from "./settings";

export const runner = "gitlab:index/userRunner:UserRunner";
export const command = "command:remote:Command";
export const instance = "aws:ec2/instance:Instance";
export const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
export const taskDefinition = "aws:ecs/taskDefinition:TaskDefinition";

/** Tags of all that is deployed to the stack "test". */
export const tags = { "gitlab-fargate-runners:stack": "test" };

/** @param found what the look-ups find beside what the world says */
export const run = (
  settings: Record<string, unknown> = raw(),
  world?: World,
  found: Partial<LookUps> = {},
): Promise<Deployment> =>
  deploy(async () => {
    const parsed = parseSettings(settings);
    return new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)), ...found });
  }, world);

/** All resources with their inputs, in an order of their own. */
export const byName = ({ resources }: Deployment) =>
  [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1)).map(({ urn, inputs }) => [urn, inputs]);
