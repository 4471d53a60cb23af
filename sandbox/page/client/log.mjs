/** A job's log as it comes. Whatever it holds is text: nodes are made by hand, and no markup is ever read from it. */
import { createAnsiSequenceParser } from "ansi-sequence-parser";
import { readable } from "./trace-line.mjs";

/** @import { LogPiece } from "../watchers" */

/** Earlier lines go. */
const maxLines = 5000;

export function createLog() {
  const element = document.createElement("div");
  element.className = "log";
  element.tabIndex = 0;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", "Log of the job");
  /** The last line, whose end may be still to come. */
  let line = "";
  let shown = newLine();

  function newLine() {
    const node = document.createElement("div");
    element.append(node);
    if (element.childElementCount > maxLines) element.firstElementChild?.remove();
    return node;
  }

  /** @param {LogPiece} piece */
  function add({ text, skipped }) {
    // Who has scrolled back goes on reading there.
    const follows = element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
    if (skipped > 0) {
      shown.textContent = `… ${skipped.toLocaleString()} bytes are left out here …`;
      shown.className = "left-out";
      shown = newLine();
      line = "";
    }
    const [first, ...rest] = text.split("\n");
    line += first;
    shown.replaceChildren(...coloured(line));
    for (const next of rest) {
      line = next;
      shown = newLine();
      shown.replaceChildren(...coloured(line));
    }
    if (follows) element.scrollTop = element.scrollHeight;
  }

  return { element, add };
}

/** @param {string} line @returns {Node[]} */
function coloured(line) {
  return createAnsiSequenceParser()
    .parse(readable(line))
    .map(({ value, foreground, decorations }) => {
      const classes = [...decorations, ...(foreground?.type === "named" ? [foreground.name] : [])];
      if (classes.length === 0) return document.createTextNode(value);
      const span = document.createElement("span");
      span.className = classes.join(" ");
      span.textContent = value;
      return span;
    });
}
