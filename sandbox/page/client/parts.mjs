/** What both views are made of: tables, states, times. */
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

/** @import { AwsCall } from "../../aws" */

/**
 * @template Row
 * @typedef {object} Shape
 * @property {(row: Row) => unknown} key What tells a row from the others.
 * @property {unknown} none What stands in an empty table's place.
 * @property {unknown} [note] Beside the heading; default: how many rows there are.
 * @property {[string, (row: Row) => unknown][]} columns
 */

/**
 * A section with a table; a sentence in its place where there are no rows.
 * @template Row
 * @param {string} heading
 * @param {Row[]} rows
 * @param {Shape<Row>} shape
 */
export const table = (heading, rows, { key, none, note = rows.length, columns }) => html`
  <section aria-label=${heading}>
    <h2>${heading} <span class="note">${note}</span></h2>
    ${
      rows.length === 0
        ? html`<p class="none">${none}</p>`
        : html`
            <div class="scroll" role="group" aria-label="${heading}, table" tabindex="0">
              <table>
                <thead>
                  <tr>
                    ${columns.map(([name]) => html`<th scope="col">${name}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${repeat(
                    rows,
                    key,
                    (row) =>
                      html`<tr>
                        ${columns.map(([, cell]) => html`<td>${cell(row)}</td>`)}
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>
          `
    }
  </section>
`;

/** Colours say what the word says already. @type {Record<string, string>} */
const tones = {
  running: "active",
  RUNNING: "active",
  pending: "waiting",
  canceling: "waiting",
  PROVISIONING: "waiting",
  PENDING: "waiting",
  stopping: "waiting",
  DEACTIVATING: "waiting",
  STOPPING: "waiting",
  DEPROVISIONING: "waiting",
  success: "good",
  failed: "bad",
};

/** @param {string} text */
export const state = (text) => html`<span class="state ${tones[text] ?? ""}">${text}</span>`;

/** @param {number} id @param {unknown} [text] */
export const jobLink = (id, text = `job ${id}`) => html`<a href="#job-${id}">${text}</a>`;

/** The id in an ARN, short. @param {string} arn */
export const shortId = (arn) => {
  const id = arn.slice(arn.lastIndexOf("/") + 1);
  return html`<code title=${arn}>${id.length > 12 ? `${id.slice(0, 8)}…` : id}</code>`;
};

/** @param {number | null | undefined} from @param {number | null | undefined} to Now where there is none. */
export const duration = (from, to) => (from ? seconds((to ?? Date.now()) - from) : nothing);

/** @param {number} ms */
export function seconds(ms) {
  const all = Math.max(ms, 0) / 1000;
  return all < 60 ? `${all.toFixed(1)} s` : `${Math.floor(all / 60)} min ${Math.floor(all % 60)} s`;
}

/** @param {number} at */
export const clock = (at) => {
  const date = new Date(at);
  return html`<time datetime=${date.toISOString()}>${date.toLocaleTimeString()}</time>`;
};

/**
 * Calls of AWS, the same ones in a row as one line.
 * @param {string} heading
 * @param {AwsCall[]} calls
 * @param {string} none
 */
export function callsTable(heading, calls, none) {
  /** @type {{ call: AwsCall, count: number }[]} */
  const rows = [];
  for (const call of calls) {
    const last = rows.at(-1);
    const same =
      last && ["action", "status", "caller"].every((key) => Reflect.get(last.call, key) === Reflect.get(call, key));
    if (same) last.count++;
    else rows.push({ call, count: 1 });
  }
  return table(heading, rows, {
    key: ({ call }) => call.id,
    none,
    columns: [
      ["time", ({ call }) => clock(call.at)],
      ["action", ({ call, count }) => html`<code>${call.action}</code> ${count > 1 ? `× ${count}` : nothing}`],
      [
        "answer",
        ({ call }) =>
          html`<span class="state ${call.status === null || call.status >= 400 ? "bad" : ""}"
            >${call.status ?? "none"}</span
          >`,
      ],
      ["by", ({ call }) => (call.caller ? shortId(call.caller) : "engine or person")],
    ],
  });
}
