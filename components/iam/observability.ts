/** What the host's monitor, and a shell in a task, need in AWS. */
import { document, type Statement } from "./documents";
import { metricsNamespace } from "../names";

/**
 * Statements of the host's policy: write the runner's log, put metrics. The driver's own rights let it look at tasks.
 *
 * @param metrics whether it puts any
 */
export function monitorStatements(logGroupArn: string, metrics: boolean): Statement[] {
  const writeLog: Statement = {
    Sid: "WriteRunnerLog",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `${logGroupArn}:*`,
  };
  const putMetrics: Statement = {
    Sid: "PutMetrics",
    Effect: "Allow",
    Action: ["cloudwatch:PutMetricData"],
    // The call takes no resource. The condition confines it to one namespace.
    Resource: "*",
    Condition: { StringEquals: { "cloudwatch:namespace": metricsNamespace } },
  };
  return metrics ? [writeLog, putMetrics] : [writeLog];
}

/**
 * What ECS Exec needs in the task role: the agent in the container keeps a channel to Session Manager.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
 */
export function execPolicy(): string {
  return document({
    Sid: "EcsExec",
    Effect: "Allow",
    Action: [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ],
    // The calls take no resource.
    Resource: "*",
  });
}
