/** What a host needs for the services of jobs besides what jobs with images take (images.ts). */
import { logStreamPrefix, serviceContainer } from "../names";
import type { Statement } from "./documents";

/**
 * Statements of the host's policy: read what a service has written, to show it in the log of its job. The streams of
 * jobs' own containers stay unread.
 *
 * @param logGroupArn of the tasks' log
 */
export const serviceStatements = (logGroupArn: string): Statement[] => [
  {
    Sid: "ReadServicesLog",
    Effect: "Allow",
    Action: ["logs:GetLogEvents"],
    Resource: `${logGroupArn}:log-stream:${logStreamPrefix}/${serviceContainer}*`,
  },
];
