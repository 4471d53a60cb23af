import * as pulumi from "@pulumi/pulumi";
import { goArch } from "../go-arch";
import { runnerFile } from "../jobs/runner-helper";
import type { DriverSource } from "../look-ups/driver-source";
import type { HttpProxy } from "../settings/http-proxy";
import type { Architecture } from "../types";
import { learntHostKey } from "./first-contact";
import { HostCommands, type Connection } from "./host-commands";
import { hostLogin } from "./host-login";
import * as scripts from "./host-scripts";
import { paths } from "./paths";
import { reapService, reapTimer } from "./reap-units";
import { systemdUnit } from "./systemd-unit";
import { checkGitlab, distrustCertificates, forgetCertificates, trustCertificates } from "./trust-scripts";

export interface Archive {
  readonly version: string;
  /** Address of the mirror, without a slash at its end. */
  readonly baseUrl: string;
  readonly sha256: string;
}

export interface HostSetupArgs {
  /** With the host key of the first contact, which serves for that only. */
  readonly connection: Connection;
  /** What the host reaches others by, as far as the stack makes it: from before the first command until it is drained. */
  readonly wayOut: readonly pulumi.Resource[];
  /** When the instance is another one, the host is set up again. */
  readonly instanceId: pulumi.Input<string>;
  readonly architecture: Architecture;
  readonly taskArchitecture: Architecture;
  readonly runner: Archive;
  /** The tool chain that compiles the driver. */
  readonly go: Archive;
  readonly driver: DriverSource;
  /** Where the runner serves its Prometheus metrics, host:port. */
  readonly metricsAddress: string;
  /**
   * GOPROXY of the driver's build.
   * @default Go's own
   */
  readonly goProxy?: string;
  /** Of the downloads, the driver's build, and all that runs on the host. */
  readonly httpProxy?: HttpProxy;
  /** Of private authorities, in PEM format: the host trusts them beside its image's. */
  readonly caCertificates: readonly string[];
  /** GitLab's own address. */
  readonly gitlabUrl: string;
  /** Content of config.toml. It holds tokens and is kept secret. */
  readonly configToml: pulumi.Input<string>;
  /** Content of fargate.toml. */
  readonly fargateToml: pulumi.Input<string>;
  /** What jobs need besides: it is there before the runner starts. */
  readonly needs: readonly pulumi.Input<pulumi.Resource>[];
}

/** Installs the runner, the driver, their configuration and the timer of `fargate reap` on a host, over SSH. */
export class HostSetup extends pulumi.ComponentResource {
  /** How to reach the host from now on: only the host key that the first command made is accepted. */
  readonly connection: Connection;

  constructor(name: string, args: HostSetupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:HostSetup", name, {}, opts);
    const { connection: firstConnection, wayOut, instanceId, fargateToml, needs } = args;

    // The first command is the only one that the key of the first contact serves, so nothing may run it again. All
    // others, in this deployment and in later ones, accept only the key that it made.
    const firstContact = { name, instanceId, connection: firstConnection };
    const answers = firstConnection.proxy ? [hostLogin(firstContact, { parent: this, dependsOn: [...wayOut] })] : [];
    const first = new HostCommands(this, firstContact);
    const folders = first.run("folders", { create: scripts.createFolders() }, [...wayOut, ...answers], true);
    this.connection = {
      ...firstConnection,
      hostKey: folders.stdout.apply((printed) => learntHostKey(name, printed)),
    };
    const host = new HostCommands(this, { name, instanceId, connection: this.connection });

    const { caCertificates } = args;
    const trusts = caCertificates.length > 0;
    const check = checkGitlab(args.gitlabUrl, args.httpProxy);
    // First, as a mirror or a proxy may be one that only they vouch for.
    const ready = trusts
      ? host.run("trust", { create: trustCertificates(check), stdin: caCertificates.join("") }, [folders])
      : folders;
    const runner = host.run("runner", { create: scripts.installRunner(runnerDownload(args)) }, [ready]);
    const go = host.run("go", { create: scripts.installGo(goDownload(args)) }, [ready]);
    // Each content has a folder of its own, so that nothing of an earlier driver is left in it.
    const { folder, hash } = args.driver;
    const source = host.copy("driver-source", folder, `${paths.sources}/${hash}`, [folders]);
    const build = scripts.buildDriver(hash, args.goProxy, goArch(args.taskArchitecture), args.httpProxy);
    const driver = host.run("driver", { create: build }, [go, source]);

    const write = trusts
      ? scripts.writeConfigToml()
      : scripts.writeConfigToml([...distrustCertificates, ...check], forgetCertificates);
    const configToml = { create: write, stdin: pulumi.secret(args.configToml) };
    const swapIn = { create: scripts.writeFargateToml(build), stdin: fargateToml };
    const swappedIn = host.run("fargate-toml", swapIn, [driver]);
    // It may name a profile that only the new fargate.toml has.
    const configured = host.run("config-toml", configToml, [runner, swappedIn]);
    host.run("service", runnerService(args), [configured, swappedIn, ...needs]);
    host.run("reap", reapTimerUnits(args), [swappedIn, ...needs]);
    this.registerOutputs({});
  }
}

function runnerDownload({ runner, architecture, httpProxy: proxy }: HostSetupArgs): scripts.Download {
  const { version, baseUrl, sha256 } = runner;
  return { url: `${baseUrl}/v${version}/${runnerFile(architecture)}`, sha256, setting: "host.runner.sha256", proxy };
}

function goDownload({ go, architecture, httpProxy: proxy }: HostSetupArgs): scripts.Download {
  const { version, baseUrl, sha256 } = go;
  return {
    url: `${baseUrl}/go${version}.linux-${goArch(architecture)}.tar.gz`,
    sha256,
    setting: "host.go.sha256",
    proxy,
  };
}

const runnerService = ({ runner, metricsAddress, httpProxy }: HostSetupArgs) => ({
  create: scripts.startService(),
  update: scripts.restartService(),
  stdin: systemdUnit(runner, metricsAddress, httpProxy),
});

const reapTimerUnits = ({ httpProxy }: HostSetupArgs) => ({
  create: scripts.startReaper(reapService(httpProxy), reapTimer()),
});
