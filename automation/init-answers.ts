/** What `npm run init` has to know of a new stack, since nobody can guess it, and which answers will do. Pure functions. */
import { instanceArchitecture } from "../components/settings/instance-types";
import { gitlabApiUrl } from "../components/settings/defaults";
import { addressErrors, setAddress } from "../components/settings/gitlab-access";
import { whyNoPath } from "../components/settings/owner-path";
import { namespace } from "../components/settings/stack-file";
import { settingErrors } from "./stack-file-settings";

export interface Answers {
  stack: string;
  region: string;
  /** Of GitLab's API. */
  gitlabUrl: string;
  group: string;
  /** In CIDR notation. */
  adminCidrs: string[];
  instanceType: string;
}

export interface Question {
  key: keyof Answers;
  /** On the command line. */
  flag: string;
  text: string;
  /** Undefined: an answer is needed. */
  standard?: string;
  /** The variable of the environment that the standard is from. */
  standardFrom?: string;
  /** What is wrong with an answer; undefined where it will do. */
  wrong(answer: string): string | undefined;
}

/** @param env of whoever runs the command */
export const questions = (env: NodeJS.ProcessEnv): Question[] => [
  {
    key: "stack",
    flag: "--stack",
    text: "Name of the stack, whose file is Pulumi.NAME.yaml",
    wrong: (answer) => (/^[\w.-]{1,100}$/.test(answer) ? undefined : "not a name of letters, digits, dots and dashes"),
  },
  {
    key: "region",
    flag: "--region",
    text: "Region of AWS, such as eu-central-1",
    ...fromEnvironment(env, ["AWS_REGION", "AWS_DEFAULT_REGION"]),
    wrong: (answer) => told("cache.region", { cache: { bucket: "bucket", region: answer } }),
  },
  {
    key: "gitlabUrl",
    flag: "--gitlab-url",
    text: "Address of GitLab",
    standard: "https://gitlab.com",
    wrong: whyNoAddress,
  },
  {
    key: "group",
    flag: "--group",
    text: "Path of the first group that gets a runner, such as acme/backend",
    wrong: (answer) => (/^\d+$/.test(answer) ? undefined : whyNoPath("group", answer, "acme/backend")),
  },
  {
    key: "adminCidrs",
    flag: "--admin-cidrs",
    text:
      "Addresses or networks that deployments come from, with commas between, such as 203.0.113.7/32\n" +
      "  (yours is at https://checkip.amazonaws.com; nobody else can reach the hosts)",
    wrong: (answer) => told("host.adminCidrs", { host: { adminCidrs: networks(answer) } }),
  },
  {
    key: "instanceType",
    flag: "--instance-type",
    text: "Instance type of the host, which only hands jobs to Fargate",
    standard: "t4g.small",
    wrong: (answer) => {
      if (!/^[a-z][a-z0-9-]*\d[a-z0-9-]*\.[a-z0-9-]+$/.test(answer)) return "not an instance type, like t4g.small";
      const architecture = instanceArchitecture(answer);
      return told("host.instanceType", { host: { instanceType: answer, architecture } });
    },
  },
];

/** @param given answers that will do, as texts */
export function answersOf(given: Record<keyof Answers, string>): Answers {
  return { ...given, gitlabUrl: apiOf(given.gitlabUrl), adminCidrs: networks(given.adminCidrs) };
}

export const isGitlabCom = ({ gitlabUrl }: Answers): boolean =>
  gitlabUrl.replace(/\/+$/, "") === gitlabApiUrl.replace(/\/+$/, "");

/** Of the API, where GitLab's own is given. */
const apiOf = (address: string): string =>
  /\/api\/v4\/?$/.test(address) ? address : `${address.replace(/\/+$/, "")}/api/v4/`;

/** A single address is a network of its own. */
const networks = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((one) => (one.includes("/") ? one : `${one}/${one.includes(":") ? 128 : 32}`));

/** The first of these variables that is set and not empty. */
function fromEnvironment(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): Pick<Question, "standard" | "standardFrom"> {
  const name = names.find((one) => env[one]);
  return name === undefined ? {} : { standard: env[name], standardFrom: name };
}

/** The settings' own checks advise commands that need the stack and its file. */
function whyNoAddress(answer: string): string | undefined {
  const why = withoutPath(addressErrors(answer, undefined)[0]);
  const onlyPlainHttp = addressErrors(answer, true).length === 0;
  if (why === undefined || !onlyPlainHttp) return why?.replace(setAddress, "give one like https://gitlab.example.com");
  return (
    `${why.split("; ")[0]}; give it with https://, or where GitLab has none, do so all the same and then edit the file: ` +
    `gitlab:baseUrl with http://, and ${namespace}:allowPlainHttp: true`
  );
}

/** What the settings' own checks tell of a value. */
function told(path: string, settings: Record<string, unknown>): string | undefined {
  return withoutPath(settingErrors(settings, undefined).find((error) => error.startsWith(path)));
}

const withoutPath = (error: string | undefined) => error?.replace(/^[^\s:]+(:\w+)?: /, "");
