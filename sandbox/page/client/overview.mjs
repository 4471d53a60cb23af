/** All that there is in the sandbox. */
import { html, nothing } from "lit-html";
import { callsTable, clock, duration, jobLink, shortId, state, table } from "./parts.mjs";

/** @import { Snapshot } from "../snapshot" */

/** @param {Snapshot} snapshot */
export function overview({ hosts, runners, pipelines, tasks, calls }) {
  const names = new Map(pipelines.flatMap(({ jobs }) => jobs.map(({ id, name }) => [id, name])));
  return html`
    <h1 tabindex="-1">What the sandbox runs</h1>
    <div class="pair">
      ${table("Hosts", hosts, {
        key: ({ instanceId }) => instanceId,
        none: "No host yet: the stack is not deployed.",
        columns: [
          ["instance", ({ instanceId }) => html`<code>${instanceId}</code>`],
          ["address", ({ address }) => html`<code>${address}</code>`],
          ["state", (host) => state(host.state)],
        ],
      })}
      ${table("Runners", runners, {
        key: ({ id }) => id,
        none: "No runner yet: the stack is not deployed.",
        columns: [
          ["runner", ({ id, description }) => `${description} (${id})`],
          ["of", ({ scope }) => scope ?? "the instance"],
          ["tags", ({ tags }) => tags.join(", ")],
          ["state", ({ paused, contacted }) => (paused ? "paused" : contacted ? "seen" : "never seen")],
        ],
      })}
    </div>
    ${
      pipelines.length > 0
        ? pipelines.map((pipeline) => pipelineTable(pipeline, tasks))
        : html`
            <section aria-label="Pipelines">
              <h2>Pipelines</h2>
              <p class="none">None yet. Run one: <code>npm run sandbox -- run sandbox/demo/.gitlab-ci.yml</code></p>
            </section>
          `
    }
    ${table("Fargate tasks", tasks, {
      key: ({ taskArn }) => taskArn,
      none: "No task in the last hour.",
      columns: [
        ["task", ({ taskArn }) => shortId(taskArn)],
        ["job", ({ job, startedBy }) => (job === undefined ? (startedBy ?? nothing) : jobLink(job, names.get(job)))],
        ["state", ({ lastStatus }) => state(lastStatus)],
        ["address", ({ address }) => html`<code>${address ?? ""}</code>`],
        ["size", size],
        ["capacity", ({ capacityProvider }) => capacityProvider ?? "FARGATE"],
        [
          "lasted",
          ({ states, lastStatus }) => duration(states[0]?.at, lastStatus === "STOPPED" ? states.at(-1)?.at : undefined),
        ],
        ["why it stopped", ({ stoppedReason }) => stoppedReason ?? nothing],
      ],
    })}
    ${callsTable("AWS calls of no job", calls, "None yet.")}
  `;
}

/** @param {Snapshot["pipelines"][number]} pipeline @param {Snapshot["tasks"]} tasks */
const pipelineTable = ({ id, project, ref, status, createdAt, jobs }, tasks) =>
  table(`Pipeline ${id}`, jobs, {
    key: (job) => job.id,
    none: "It has no jobs.",
    note: html`${state(status)}, ${project}, ${ref}, since ${clock(createdAt)}`,
    columns: [
      ["job", (job) => html`${jobLink(job.id, job.name)}${job.retried ? ", tried again" : nothing}`],
      ["stage", ({ stage }) => stage],
      [
        "state",
        (job) => html`${state(job.status)}${job.allowFailure && job.status === "failed" ? ", may fail" : nothing}`,
      ],
      ["waited", ({ queuedAt, startedAt, finishedAt }) => duration(queuedAt, startedAt ?? finishedAt)],
      ["ran", ({ startedAt, finishedAt }) => duration(startedAt, finishedAt)],
      ["exit code", ({ exitCode }) => exitCode ?? nothing],
      ["task", (job) => tasks.filter((task) => task.job === job.id).map(({ lastStatus }) => state(lastStatus))],
    ],
  });

/** @param {{ cpu: number, memory: number }} task */
export const size = ({ cpu, memory }) => `${cpu / 1024} vCPU, ${memory / 1024} GiB`;
