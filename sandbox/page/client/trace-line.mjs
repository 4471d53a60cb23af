/**
 * A line of a job's log without the runner's timestamps, section markers and erased text. Of the terminal's sequences
 * only colours are left in it.
 * @param {string} line
 */
export const readable = (line) =>
  line
    .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z \w\w[OE][+ ]?/, "")
    .replace(/section_(start|end):\d+:[^\r]*\r/g, "")
    .replace(/\x1b\[[\d;?]*[A-Za-ln-z]/g, "")
    .replace(/\x1b(?!\[[\d;]*m)/g, "")
    .replace(/\r$/, "")
    .replace(/^[^]*\r/, "");
