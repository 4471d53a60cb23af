/** Values of options, for commander: what is none is told before anything is done. */
import { InvalidArgumentError } from "commander";
import { unwritable } from "./output";

export const list = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** @param what one of them is: "tag" */
export const names = (what: string) => (text: string) => {
  const words = list(text);
  if (words.length === 0) throw new InvalidArgumentError(`it names no ${what}`);
  return words;
};

export const ids = (text: string) =>
  names("id")(text).map((word) => {
    if (!/^[1-9]\d*$/.test(word)) throw new InvalidArgumentError(`${JSON.stringify(word)} is no id, which is a number`);
    return Number(word);
  });

/** @param what it is */
const digits = (what: string) => (text: string) => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`not ${what}`);
  return Number(text);
};

export const number = digits("a number");
export const seconds = digits("a number of seconds");

/** A report's file: one that cannot be written is told before anything is done, and not after it. */
export function target(file: string): string {
  const problem = unwritable(file);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return file;
}
