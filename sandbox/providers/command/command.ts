/** What a command is, wherever it runs: a line for each step of the resource's life. */
import { randomBytes } from "node:crypto";
import type { Context, Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import type { Output } from "./output";

/** @param run with the output of before in `stdout` and `stderr` */
export function commandResource(run: (line: string, props: Props, context: Context) => Promise<Output>): Resource {
  return {
    replaceOn: ["triggers"],
    changedByUpdate: ["stdout", "stderr"],
    async create(inputs, context) {
      const id = `${context.name}${randomBytes(4).toString("hex")}`;
      const output = inputs.create ? await run(inputs.create as string, inputs, context) : { stdout: "", stderr: "" };
      return { id, outputs: { ...inputs, ...output } };
    },
    async update(_id, state, inputs, context) {
      const line = (inputs.update ?? inputs.create) as string | undefined;
      const previous = { stdout: state.stdout ?? "", stderr: state.stderr ?? "" };
      return { ...inputs, ...(line ? await run(line, { ...inputs, ...previous }, context) : previous) };
    },
    async delete(_id, state, context) {
      if (state.delete) await run(state.delete as string, state, context);
    },
  };
}
