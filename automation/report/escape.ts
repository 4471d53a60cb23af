/**
 * Text of unknown origin in a note: shown as it is, whatever it holds. It is written in entities, so that no character
 * of it is Markdown, HTML or the end of a table's cell, and inside <code>, where GitLab looks for no @mentions and
 * references (Banzai::Filter::References::ReferenceFilter skips pre, code, a and style). A note's lines never start with
 * it, as a line that starts with a slash would be a quick action.
 */

/** Characters that neither Markdown, HTML nor GitLab gives a meaning. */
const plain = /[A-Za-z0-9 ,;=()/-]/;

/** As HTML text on one line. @param limit longer texts are cut, with their length told */
function escapeText(text: string, limit = Infinity): string {
  const characters = [...text];
  const shown = characters.length > limit ? characters.slice(0, limit) : characters;
  const rest = characters.length > limit ? `… (${characters.length} characters)` : "";
  return shown.map(entity).join("") + rest;
}

/** As text outside of code: what GitLab would take for a reference (@name, #1, !1, ~label) is kept from being one. */
export const escapeProse = (text: string, limit?: number): string =>
  escapeText(text, limit).replace(/&#(?:64|35|33|126|37|38|36|42|94|91);/g, "$&&#8203;");

/** As inline code. An empty text is told as such. */
export const code = (text: string, limit?: number): string =>
  text === "" ? "<i>empty</i>" : `<code>${escapeText(text, limit)}</code>`;

function entity(character: string): string {
  if (plain.test(character)) return character;
  if (character === "\n") return "↵";
  const point = character.codePointAt(0)!;
  // Control characters and halves of pairs have no entity; GitLab's database takes no NUL.
  if (
    point < 0x20 ||
    (point >= 0x7f && point < 0xa0) ||
    (point >= 0xd800 && point <= 0xdfff) ||
    point === 0xfffe ||
    point === 0xffff
  )
    return "�";
  // Marks that turn the direction of the text around them, or have no width, are shown by their number.
  if (/[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/.test(character))
    return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return point < 0x80 ? `&#${point};` : character;
}

/** Several lines as they are, in a fence longer than any in them. */
export function fenced(text: string, language = "text"): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "�");
  return `${fence}${language}\n${clean}\n${fence}`;
}
