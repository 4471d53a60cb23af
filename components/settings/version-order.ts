/** A version's numbers; undefined for a text that is none. */
const numbers = (text: string): number[] | undefined => /^v?(\d+(?:\.\d+)*)/.exec(text)?.[1].split(".").map(Number);

/** Whether one version comes before another; what is no version comes before none. */
export function isOlder(version: string, than: string): boolean {
  const [ours, theirs] = [numbers(version), numbers(than)];
  if (ours === undefined || theirs === undefined) return false;
  const at = theirs.findIndex((number, index) => number !== (ours[index] ?? 0));
  return at >= 0 && (ours[at] ?? 0) < theirs[at];
}
