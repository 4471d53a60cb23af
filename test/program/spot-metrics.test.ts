/** What the dashboard shows of spot capacity, and that hosts put its metrics for the dashboard only. */
import { expect } from "chai";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { raw } from "./support/settings";

const title = "Tasks, by capacity";

/** The graph of the dashboard, where there is one. */
function graphOf(deployment: Deployment): unknown {
  const bodies = ofType(deployment, "aws:cloudwatch/dashboard:Dashboard").map(
    ({ inputs }) => plain<{ dashboardBody: string }>(inputs).dashboardBody,
  );
  const { widgets } = JSON.parse(bodies[0] ?? '{"widgets":[]}') as {
    widgets: { properties: { title: string; metrics: unknown } }[];
  };
  return widgets.find(({ properties }) => properties.title === title)?.properties.metrics;
}

const reports = (deployment: Deployment) =>
  String(plain(only(deployment, command, "gitlab-runners-host-report").inputs).create).includes("--spot");

describe("spot capacity on the dashboard", () => {
  it("is a graph of tasks by capacity and of interruptions, whose metrics hosts put", async () => {
    const deployment = await run(raw({ dashboard: true, spot: "prefer" }));
    const metric = (name: string) => ["gitlab-fargate-runners", name, "Stack", "test"];
    expect(graphOf(deployment)).to.deep.equal([
      [...metric("RunningTasks"), { id: "all", visible: false }],
      [...metric("SpotTasks"), { id: "spot", label: "spot" }],
      [{ expression: "all - spot", label: "on demand" }],
      [...metric("SpotInterruptions"), { label: "taken back by AWS, of five minutes" }],
    ]);
    expect(reports(deployment)).to.equal(true);
  });

  it("is there where only an entry uses it", async () => {
    const deployment = await run(raw({ dashboard: true, groups: ["a", { path: "b", spot: "only" }] }));
    expect(graphOf(deployment)).to.not.equal(undefined);
    expect(reports(deployment)).to.equal(true);
  });

  for (const [what, settings] of [
    ["nothing uses it", { dashboard: true, alarms: {}, groups: ["a", { path: "b", spot: "never" }] }],
    ["alarms alone read metrics", { alarms: {}, spot: "only" }],
  ] as const) {
    it(`costs nothing where ${what}`, async () => {
      const deployment = await run(raw(settings));
      expect(graphOf(deployment)).to.equal(undefined);
      expect(reports(deployment)).to.equal(false);
    });
  }
});
