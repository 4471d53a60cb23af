/** EC2's instance actions: moto keeps the records, and each record has a host that really runs. */
import { EventEmitter } from "node:events";
import * as path from "node:path";
import { DescribeInstancesCommand, DescribeKeyPairsCommand, type Instance } from "@aws-sdk/client-ec2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { AddressPool } from "../addresses";
import { isOnBridge } from "../addresses";
import type { Ec2Step } from "../front";
import type { Moto } from "../moto";
import { AwsError, formList } from "../protocol";
import { decodeUserData } from "./cloud-init";
import { ElasticAddresses } from "./elastic-addresses";
import type { Firewall } from "./firewall";
import { createHost, type Host } from "./host";
import { requireProfile } from "./instance-profile";
import type { Subnets } from "./subnets";

export type HostState = "pending" | "running" | "stopping" | "stopped" | "terminated" | "failed";

/** A host as the sandbox's status shows it. */
export interface HostView {
  instanceId: string;
  address: string;
  state: HostState;
}

interface Entry extends HostView {
  host: Host;
  /** Boots and power-offs follow each other. */
  work: Promise<void>;
}

export interface InstancesOptions {
  moto: Moto;
  /** As EC2 sees it. */
  iam: Pick<IAMClient, "send">;
  subnets: Subnets;
  addresses: AddressPool;
  firewall: Firewall;
  tree: string;
  dir: string;
  /** Certificates that hosts trust besides their own, in PEM format. */
  trusted: string;
  log(line: string): void;
}

/** How long an orderly power-off may take, in milliseconds. */
const powerOffGrace = 20_000;

export class Instances extends EventEmitter<{ change: [HostView] }> {
  private readonly entries = new Map<string, Entry>();
  private readonly elastic: ElasticAddresses;

  constructor(private readonly options: InstancesOptions) {
    super();
    this.elastic = new ElasticAddresses(options.moto.ec2);
  }

  list(): HostView[] {
    return [...this.entries.values()].map(({ instanceId, address, state }) => ({ instanceId, address, state }));
  }

  /** The instance that has an address and is not gone. */
  byAddress(address: string): HostView | undefined {
    return this.list().find((host) => host.address === address && host.state !== "terminated");
  }

  /** Ends a host as a failure of its power does; StartInstances boots it again. moto takes it for running meanwhile. */
  async cutPower(instanceId: string): Promise<void> {
    const entry = this.entries.get(instanceId);
    if (entry?.state !== "running") throw new Error(`no running instance ${instanceId}`);
    await this.powerOff(entry, "stopped", 0);
  }

  /** The front's hook. @throws AwsError */
  async handle(form: URLSearchParams): Promise<Ec2Step | undefined> {
    const profile = form.get("IamInstanceProfile.Name");
    if (profile !== null) await requireProfile(this.options.iam, profile);
    switch (form.get("Action")) {
      case "RunInstances":
        return this.run(form);
      case "TerminateInstances":
        return this.each(form, async (entry) => {
          await this.powerOff(entry, "terminated");
          await this.elastic.takeFrom(entry.instanceId);
        });
      case "StopInstances":
        return this.each(form, (entry) => this.powerOff(entry, "stopped"));
      case "StartInstances":
        return this.each(form, (entry) => this.boot(entry));
      case "AllocateAddress":
        return this.elastic.allocate(form);
      default:
        return undefined;
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.entries.values()].map(async (entry) => {
        await entry.host.powerOff(0);
        await entry.work;
      }),
    );
  }

  /** Gives each single instance its address: moto would choose one that need not be in the subnet. */
  private async run(form: URLSearchParams): Promise<Ec2Step> {
    const userData = decodeUserData(form.get("UserData"));
    const interfaceSubnet = form.get("NetworkInterface.1.SubnetId");
    const subnet = await this.options.subnets.find(interfaceSubnet ?? form.get("SubnetId") ?? undefined);
    const changed = new URLSearchParams(form);
    const own = form.has("NetworkInterface.1.DeviceIndex") ? "NetworkInterface.1." : "";
    changed.set(`${own}SubnetId`, subnet.id);
    const wanted = form.get(`${own}PrivateIpAddress`);
    const single = Number(form.get("MaxCount") ?? 1) === 1;
    const address = wanted ?? (single ? this.options.addresses.allocate(subnet.cidr) : undefined);
    if (address && !isOnBridge(address)) {
      throw new AwsError("InvalidSubnet", `${address}: the sandbox has hosts in the default VPC's subnets only`);
    }
    if (wanted && !this.options.addresses.claim(wanted)) {
      throw new AwsError("InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
    }
    if (address) changed.set(`${own}PrivateIpAddress`, address);
    return {
      form: changed,
      refused: () => address && this.options.addresses.release(address),
      answered: async (body) => {
        const ids = [...body.matchAll(/<instanceId>(i-[0-9a-f]+)<\/instanceId>/g)].map(([, id]) => id!);
        const { Reservations = [] } = await this.options.moto.ec2.send(
          new DescribeInstancesCommand({ InstanceIds: ids }),
        );
        const made = Reservations.flatMap(({ Instances = [] }) => Instances);
        for (const instance of made) await this.add(instance, userData);
      },
    };
  }

  private async add(instance: Instance, userData: string | undefined): Promise<void> {
    const { InstanceId: instanceId = "", PrivateIpAddress: address = "" } = instance;
    this.options.addresses.claim(address);
    const host = createHost({
      instanceId,
      address,
      tree: this.options.tree,
      dir: path.join(this.options.dir, instanceId),
      authorizedKeys: await this.publicKeys(instance.KeyName),
      trusted: this.options.trusted,
      userData,
      protect: (namespace) => this.options.firewall.join(namespace, address, () => this.groupsOf(instanceId)),
    });
    const entry: Entry = { instanceId, address, state: "pending", host, work: Promise.resolve() };
    this.entries.set(instanceId, entry);
    this.boot(entry);
  }

  private async groupsOf(instanceId: string): Promise<string[]> {
    const { Reservations = [] } = await this.options.moto.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
    );
    const { NetworkInterfaces = [], SecurityGroups = [] } = Reservations[0]?.Instances?.[0] ?? {};
    // moto has those of RunInstances at the interface alone, and those of ModifyInstanceAttribute at the instance alone.
    const groups = SecurityGroups.length > 0 ? SecurityGroups : NetworkInterfaces.flatMap(({ Groups = [] }) => Groups);
    return groups.map(({ GroupId }) => GroupId!);
  }

  private async publicKeys(name: string | undefined): Promise<string[]> {
    if (!name) return [];
    const { KeyPairs = [] } = await this.options.moto.ec2.send(
      new DescribeKeyPairsCommand({ KeyNames: [name], IncludePublicKey: true }),
    );
    return KeyPairs.flatMap(({ PublicKey }) => PublicKey ?? []);
  }

  private async each(form: URLSearchParams, action: (entry: Entry) => Promise<void> | void): Promise<Ec2Step> {
    return {
      form,
      answered: async () => {
        const found = formList(form, "InstanceId").flatMap((id) => this.entries.get(id) ?? []);
        await Promise.all(found.filter(({ state }) => state !== "terminated").map(action));
      },
    };
  }

  /** The API answers at once, as EC2 does; the host comes up behind it. */
  private boot(entry: Entry): void {
    this.queue(entry, async () => {
      if (entry.state === "running") return;
      this.set(entry, "pending");
      const begin = Date.now();
      await entry.host.boot();
      this.set(entry, "running");
      this.options.log(`instance ${entry.instanceId} at ${entry.address} is up after ${Date.now() - begin} ms`);
    });
  }

  /** The API's answer waits for it, unlike EC2's: moto calls the instance stopped or terminated from then on. */
  private powerOff(entry: Entry, final: "stopped" | "terminated", grace = powerOffGrace): Promise<void> {
    this.queue(entry, async () => {
      this.set(entry, "stopping");
      await entry.host.powerOff(grace);
      if (final === "terminated") {
        await entry.host.remove();
        this.options.addresses.release(entry.address);
      }
      this.set(entry, final);
    });
    return entry.work;
  }

  private queue(entry: Entry, step: () => Promise<void>): void {
    entry.work = entry.work.then(step).catch((error: Error) => {
      this.options.log(`instance ${entry.instanceId}: ${error.message}`);
      this.set(entry, "failed");
    });
  }

  private set(entry: Entry, state: HostState): void {
    entry.state = state;
    this.emit("change", entry);
  }
}
