/** Where the folders of this project are that a deployment reads. */
import * as path from "node:path";

export const root = path.resolve(__dirname, "..");

/** Absolute. */
export const folders = { image: path.join(root, "image"), driver: path.join(root, "driver") };

/**
 * A folder as the engine and its providers take it: relative to the working directory, so that the state is the same
 * wherever the project is checked out.
 */
export const relative = (folder: string): string => path.relative(process.cwd(), folder) || ".";
