/**
 * What a stack costs: the tables of docs/costs.md and README.md, from automation/costs.ts and the stacks' own files. `tsx
 * scripts/costs.ts` writes them again; a test holds the pages against them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { atRest, taskMinute, type StackAtRest, type TaskSize } from "../automation/costs";
import * as defaults from "../components/settings/defaults";
import type { Architecture } from "../components/types";
import { table, withMarked } from "./marked";

const inProject = (file: string) => path.resolve(__dirname, "..", file);
/** Each page, with the tables that it has. */
export const pages: Record<string, string[]> = {
  [inProject("docs/costs.md")]: ["rest", "jobs"],
  [inProject("README.md")]: ["summary"],
};

type Raw = Record<string, unknown>;

/** What a stack's file says of it. */
export function stackOf(file: string): StackAtRest {
  const { config } = parse(readFileSync(inProject(file), "utf8")) as { config: Raw };
  const setting = (name: string) => config[`gitlab-fargate-runners:${name}`];
  const host = (setting("host") ?? {}) as { count?: number; instanceType?: string; architecture?: Architecture };
  const architecture = (host.architecture ?? setting("architecture") ?? "x86_64") as Architecture;
  const network = (setting("network") ?? {}) as { vpcId?: string; assignPublicIp?: boolean };
  return {
    hosts: host.count ?? 1,
    instanceType: host.instanceType ?? defaults.instanceType[architecture],
    publicAddresses: network.assignPublicIp ?? network.vpcId === undefined,
    alarms: setting("alarms") !== undefined,
    dashboard: setting("dashboard") === true,
  };
}

const dollars = (amount: number, digits = 2) => (amount === 0 ? "–" : amount.toFixed(digits));

const sizes: TaskSize[] = [
  { cpu: 256, memory: 512 },
  { cpu: 512, memory: 1024 },
  { cpu: 1024, memory: 2048 },
  { cpu: 2048, memory: 4096 },
  { cpu: 4096, memory: 16384, ephemeralStorage: 60 },
  { cpu: 8192, memory: 32768 },
];

/** README's: what most jobs have, for five minutes each. */
const thousandJobs = (architecture: Architecture) => 1000 * 5 * taskMinute({ cpu: 1024, memory: 2048 }, architecture);

/** The tables by name, in Markdown. */
function tables(): Record<string, string> {
  const stacks = ["dev", "prod"].map((name) => ({ name, stack: stackOf(`Pulumi.${name}.yaml`) }));
  const restOf = ({ stack }: (typeof stacks)[number]) => Object.values(atRest(stack)).reduce((a, b) => a + b, 0);
  const [dev, prod] = stacks.map(restOf);
  const cents = (minutes: number) => dollars(minutes * 100, 3);
  return {
    rest: table(
      ["Stack", "Hosts", "Instances", "Public addresses", "Metrics", "Alarms", "Dashboard", "Sum, $ a month"],
      stacks.map(({ name, stack }) => {
        const items = Object.values(atRest(stack)).map((one) => dollars(one));
        return [name, `${stack.hosts} × ${stack.instanceType}`, ...items, dollars(restOf({ name, stack }))];
      }),
    ),
    summary: table(
      ["", "$"],
      [
        ["The stack dev (one small host) without a job, a month", dollars(dev)],
        ["The stack prod (two hosts, alarms, dashboard) without a job, a month", dollars(prod)],
        ["1000 jobs of 5 minutes, 1 vCPU and 2 GiB, on x86_64", dollars(thousandJobs("x86_64"))],
        ["The same on arm64", dollars(thousandJobs("arm64"))],
        ["The same on arm64, on spot capacity, from", dollars(thousandJobs("arm64") * spotShare)],
      ],
    ),
    jobs: table(
      ["vCPU", "GiB", "Disk, GiB", "x86_64", "arm64", "x86_64, spot from", "arm64, spot from"],
      sizes.map((size) => {
        const [x86, arm] = [taskMinute(size, "x86_64"), taskMinute(size, "arm64")];
        const own = [size.cpu / 1024, size.memory / 1024, size.ephemeralStorage ?? 20].map(String);
        return [...own, cents(x86), cents(arm), cents(x86 * spotShare), cents(arm * spotShare)];
      }),
    ),
  };
}

/** AWS says "up to 70 %" less. */
const spotShare = 0.3;

/** A page with its tables written again. @throws Error where it has no place for one */
export function withTables(page: string, names: string[]): string {
  const all = tables();
  return withMarked(page, Object.fromEntries(names.map((name) => [name, all[name]])));
}

if (require.main === module) {
  for (const [file, names] of Object.entries(pages)) writeFileSync(file, withTables(readFileSync(file, "utf8"), names));
}
