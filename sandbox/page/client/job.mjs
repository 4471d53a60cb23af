/** One job: how it is, its task, its log as it comes, what AWS was asked for it. */
import { html, nothing } from "lit-html";
import { size } from "./overview.mjs";
import { callsTable, clock, duration, seconds, state } from "./parts.mjs";

/**
 * @import { AwsCall } from "../../aws"
 * @import { Snapshot } from "../snapshot"
 */

/**
 * @param {Snapshot} snapshot
 * @param {Snapshot["pipelines"][number]["jobs"][number] | undefined} job
 * @param {AwsCall[]} calls
 * @param {HTMLElement} log
 */
export function jobView({ pipelines, runners, tasks }, job, calls, log) {
  if (!job)
    return html`<h1 tabindex="-1">No such job</h1>
      <p><a href="#">What the sandbox runs</a></p>`;
  const pipeline = pipelines.find(({ jobs }) => jobs.includes(job));
  const runner = runners.find(({ id }) => id === job.runnerId);
  return html`
    <h1 tabindex="-1">${job.name} ${state(job.status)}</h1>
    <div class="pair">
      ${facts("Job", [
        ["job", `${job.id}, stage ${job.stage}, pipeline ${pipeline?.id} of ${pipeline?.project}`],
        ["runner", runner ? `${runner.description} (${runner.id})` : nothing],
        ["waited", duration(job.queuedAt, job.startedAt ?? job.finishedAt)],
        ["ran", duration(job.startedAt, job.finishedAt)],
        ["exit code", job.exitCode ?? nothing],
        ["failed by", job.failureReason ?? nothing],
      ])}
      ${tasks.filter((task) => task.job === job.id).map(taskFacts)}
    </div>
    <section aria-label="Log">
      <h2>Log</h2>
      ${log}
    </section>
    ${callsTable("AWS calls", calls, "None yet.")}
  `;
}

/** @param {Snapshot["tasks"][number]} task */
const taskFacts = (task) =>
  facts("Fargate task", [
    ["task", html`<code>${task.taskArn.slice(task.taskArn.lastIndexOf("/") + 1)}</code>`],
    ["state", html`${state(task.lastStatus)}${becoming(task)}`],
    ["address", task.address ? html`<code>${task.address}</code>` : nothing],
    ["size", `${size(task)}, ${task.capacityProvider ?? "FARGATE"}`],
    [
      "states",
      html`<ol class="states">
        ${task.states.map(({ state, at }, index) => {
          const next = task.states[index + 1];
          return html`<li>${state} ${next ? seconds(next.at - at) : html`since ${clock(at)}`}</li>`;
        })}
      </ol>`,
    ],
    ["why it stopped", task.stoppedReason ?? nothing],
  ]);

/** @param {Snapshot["tasks"][number]} task */
const becoming = ({ lastStatus, desiredStatus }) =>
  lastStatus === desiredStatus ? nothing : `, to be ${desiredStatus}`;

/** @param {string} heading @param {[string, unknown][]} rows Those without a value are left out. */
const facts = (heading, rows) => html`
  <section aria-label=${heading}>
    <h2>${heading}</h2>
    <dl>
      ${rows
        .filter(([, value]) => value !== nothing)
        .map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
  </section>
`;
