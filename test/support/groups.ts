/** A single group added to or removed from a stack file's text. */
import type { NewEntry } from "../../automation/new-entry";
import { addEntries, removeEntries } from "../../automation/stack-file";

export const addGroup = (text: string, entry: NewEntry): string => addEntries(text, "groups", [entry]);
export const removeGroup = (text: string, group: string): string => removeEntries(text, "groups", [group]);
