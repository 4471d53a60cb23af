/** Each text once, in an order of its own: what is made of them stays the same wherever they stand in the settings. */
export const eachOnce = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
