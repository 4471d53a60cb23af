/** When gitlab-runner calls the driver on the host, and when each call ends. */
import { paths } from "../../components/host/paths";
import { onHost } from "../../test/support/host";

/** Times in ms since the epoch, by this machine's one clock. */
export interface Call {
  /** The stage of custom-executor, with run's own: "prepare", "run get_sources". */
  stage: string;
  begin: number;
  end: number;
}

const aside = `${paths.driver}.timed`;
/** In a folder of its own, as sh -c leaves files of others in /tmp alone. */
const times = "/run/bench-calls/times";

/** Stands where the driver is. Two starts of `date` are all that it adds. */
const wrapper = `#!/bin/sh
begin=$(date +%s%N)
${aside} "$@"
code=$?
echo "$begin $(date +%s%N) $*" >>${times}
exit $code
`;

/**
 * Has the calls on the first host timed while `work` runs.
 * @param work gets a function that resolves to the calls since it was last called
 */
export async function withTimedCalls<Result>(work: (take: () => Promise<Call[]>) => Promise<Result>): Promise<Result> {
  const folder = times.slice(0, times.lastIndexOf("/"));
  await onHost(
    `mkdir -m 777 ${folder} && mv ${paths.driver} ${aside} && cat >${paths.driver} && chmod 755 ${paths.driver}`,
    undefined,
    wrapper,
  );
  try {
    return await work(async () => callsOf(await onHost(`cat ${times}; rm -f ${times}`)));
  } finally {
    await onHost(`mv ${aside} ${paths.driver} && rm -r ${folder}`);
  }
}

/** Lines "BEGIN END --config FILE … custom STAGE [SCRIPT STAGE]", times in ns. */
function callsOf(lines: string): Call[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [begin, end, ...args] = line.split(" ");
      const [stage, , step] = args.slice(args.indexOf("custom") + 1);
      return { stage: step ? `${stage} ${step}` : stage, begin: Number(begin) / 1e6, end: Number(end) / 1e6 };
    });
}
