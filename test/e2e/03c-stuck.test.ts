/** Jobs that no runner can take: they wait, as in GitLab, and whoever runs the pipeline is told why. */
import { createInterface } from "node:readline";
import { expect } from "chai";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";
import { cli, scratch, useSandbox } from "../support/sandbox";

/** Runs the pipeline until a line holds the text, and gives that line. The command is interrupted then, as by Ctrl-C. */
async function lineOfRun(file: string, group: string, text: string): Promise<string> {
  const lines: string[] = [];
  const run = execa(process.execPath, ["--import", "tsx", cli, "run", file, "--group", group], {
    cwd: projectDir,
    reject: false,
    stdin: "ignore",
  });
  for await (const line of createInterface(run.stdout!)) {
    lines.push(line);
    if (!line.includes(text)) continue;
    run.kill("SIGINT");
    await run;
    return line;
  }
  throw new Error(`no line with '${text}':\n${lines.join("\n")}`);
}

describe("a job that no runner can take", () => {
  useSandbox();

  const cases = [
    {
      what: "whose group has no runner",
      group: "acme/data",
      file: "job: {script: [echo]}\n",
      line: "job : This job is stuck because you don't have any active runners that can run this job.",
    },
    {
      what: "whose tags no runner has",
      group: "acme/backend",
      file: "job: {tags: [nosuch, other], script: [echo]}\n",
      line:
        "job : This job is stuck because of one of the following problems. There are no active runners online, " +
        "no runners for the protected branch, or no runners that match all of the job's tags: nosuch other",
    },
  ];
  for (const { what, group, file, line } of cases) {
    it(`waits on, with GitLab's sentence: one ${what}`, async () => {
      const folder = scratch();
      try {
        expect(await lineOfRun(folder.file("pipeline.yml", file), group, "stuck")).to.equal(line);
      } finally {
        folder.remove();
      }
    });
  }
});
