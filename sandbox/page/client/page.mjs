/**
 * The page: what the sandbox tells by server-sent events, as one of two views, which the address's fragment chooses:
 * all of it, or one job (#job-12).
 */
import { html, render } from "lit-html";
import { jobView } from "./job.mjs";
import { createLog } from "./log.mjs";
import { overview } from "./overview.mjs";

/**
 * @import { AwsCall } from "../../aws"
 * @import { Snapshot } from "../snapshot"
 */

/** @type {Snapshot | undefined} */
let snapshot;
/** @type {AwsCall[]} */
let calls = [];
let log = createLog();
/** @type {EventSource | undefined} */
let events;
/** When the sandbox was last heard of, where it no longer answers. @type {Date | undefined} */
let gone;
/** What the fragment chooses. @type {number | undefined} */
let chosen;

function connect() {
  events?.close();
  const id = /^#job-(\d+)$/.exec(location.hash)?.[1];
  chosen = id === undefined ? undefined : Number(id);
  calls = [];
  log = createLog();
  const source = new EventSource(chosen === undefined ? "events" : `events?job=${chosen}`);
  events = source;
  source.addEventListener("open", () => (gone = undefined));
  source.addEventListener("error", () => {
    if (gone) return;
    gone = new Date();
    show();
  });
  source.addEventListener("snapshot", ({ data }) => {
    snapshot = JSON.parse(data);
    show();
  });
  source.addEventListener("calls", ({ data }) => {
    calls = JSON.parse(data);
    show();
  });
  source.addEventListener("log", ({ data }) => log.add(JSON.parse(data)));
}

function show() {
  const job = snapshot?.pipelines.flatMap(({ jobs }) => jobs).find(({ id }) => id === chosen);
  document.title = job ? `${job.name}: ${job.status} · Sandbox` : "Sandbox";
  render(
    html`
      <header>
        <a href="#">Sandbox</a>
        <p role="status" class=${gone ? "gone" : ""}>${connection()}</p>
      </header>
      <main>
        ${snapshot && (chosen === undefined ? overview(snapshot) : jobView(snapshot, job, calls, log.element))}
      </main>
    `,
    document.body,
  );
}

function connection() {
  if (!gone) return snapshot ? "live" : "connecting …";
  return `The sandbox is gone. This is what it was at ${gone.toLocaleTimeString()}.`;
}

window.addEventListener("hashchange", () => {
  connect();
  show();
  document.querySelector("h1")?.focus();
});
// Durations of what runs.
setInterval(() => !gone && show(), 1000);
connect();
show();
