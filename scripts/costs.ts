/**
 * What a stack costs: the tables of docs/costs.md, from automation/costs.ts and the stacks' own files.
 * `tsx scripts/costs.ts` writes them anew; a test holds the page against them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { atRest, taskMinute, type StackAtRest, type TaskSize } from "../automation/costs";
import * as defaults from "../components/settings/defaults";
import type { Architecture } from "../components/types";

export const costsPage = path.resolve(__dirname, "..", "docs", "costs.md");

type Raw = Record<string, unknown>;

/** What a stack's file says of it. */
export function stackOf(file: string): StackAtRest {
  const { config } = parse(readFileSync(path.resolve(__dirname, "..", file), "utf8")) as { config: Raw };
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
const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
const table = (head: string[], rows: string[][]) => [head, head.map(() => "---"), ...rows].map(row).join("\n");

const sizes: TaskSize[] = [
  { cpu: 256, memory: 512 },
  { cpu: 512, memory: 1024 },
  { cpu: 1024, memory: 2048 },
  { cpu: 2048, memory: 4096 },
  { cpu: 4096, memory: 16384, ephemeralStorage: 60 },
  { cpu: 8192, memory: 32768 },
];

/** The page's tables by name, in Markdown. */
export function tables(): Record<string, string> {
  const stacks = ["dev", "prod"].map((name) => ({ name, stack: stackOf(`Pulumi.${name}.yaml`) }));
  const cents = (minutes: number) => dollars(minutes * 100, 3);
  return {
    rest: table(
      ["Stack", "Hosts", "Instances", "Public addresses", "Metrics", "Alarms", "Dashboard", "Sum, $ a month"],
      stacks.map(({ name, stack }) => {
        const items = Object.values(atRest(stack));
        const sum = items.reduce((a, b) => a + b, 0);
        return [name, `${stack.hosts} × ${stack.instanceType}`, ...items.map((one) => dollars(one)), dollars(sum)];
      }),
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

/** The page with its tables written anew, between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withTables(page: string): string {
  return Object.entries(tables()).reduce((text, [name, content]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
    if (!place.test(text)) throw new Error(`docs/costs.md has no place for the table ${name}`);
    return text.replace(place, (_, open: string, close: string) => `${open}\n${content}\n${close}`);
  }, page);
}

if (require.main === module) writeFileSync(costsPage, withTables(readFileSync(costsPage, "utf8")));
