/**
 * The preview as the job's script runs it, with the time of each of its parts, in ms, as one line of JSON on standard
 * output. Runs in the job.
 */
import { mergeRequestContext } from "../../automation/ci";
import { GitLabApi } from "../../automation/gitlab-api";
import { writeNote } from "../../automation/merge-request";
import { markdown, noteLimit } from "../../automation/report/markdown";
import { reportOf } from "../../automation/report/report";
import { previewStack } from "../../automation/stack";

async function main(stack: string): Promise<void> {
  const parts: Record<string, number> = { "node, modules": performance.now() };
  let last = performance.now();
  const mark = (name: string) => {
    const now = performance.now();
    parts[name] = now - last;
    last = now;
  };
  const once = new Set<string>();
  const first = (name: string) => {
    if (once.has(name)) return;
    once.add(name);
    mark(name);
  };
  const result = await previewStack({
    stack,
    onEvent: (event) => {
      first("CLI's start, stack selected");
      if (event.resourcePreEvent && !event.resourcePreEvent.metadata.type.startsWith("pulumi:")) {
        first("program's start, look-ups");
      }
      if (event.summaryEvent) first("resources compared");
    },
  });
  mark("CLI's end");
  if (result.failure !== undefined) throw new Error(result.failure);
  const text = markdown(reportOf(stack, result), { limit: noteLimit });
  mark("report");
  const context = mergeRequestContext(process.env);
  const api = new GitLabApi({ url: context.apiUrl, token: context.token, project: context.project });
  await writeNote(api, { ...context, stack }, text);
  await api.close();
  mark("note");
  console.log(`parts ${JSON.stringify(parts)}`);
}

void main(process.argv[2]);
