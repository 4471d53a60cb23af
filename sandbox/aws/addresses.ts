/** Private addresses of subnets. */
import { BlockList, isIPv4 } from "node:net";
import { network } from "../config";

/**
 * Hands out a subnet's addresses from its end downwards (moto counts upwards) and comes back to a released one as late
 * as possible. The first four addresses and the last one of a subnet are AWS's
 * (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
 */
export class AddressPool {
  private readonly taken = new Set<number>();
  private readonly next = new Map<string, number>();

  /** @throws when the subnet has no free address */
  allocate(cidr: string): string {
    const { first, last } = range(cidr);
    let candidate = this.next.get(cidr) ?? last;
    for (let tries = last - first + 1; tries > 0; tries--) {
      if (candidate < first) candidate = last;
      if (!this.taken.has(candidate)) {
        this.next.set(cidr, candidate - 1);
        this.taken.add(candidate);
        return toText(candidate);
      }
      candidate--;
    }
    throw new Error(`InsufficientFreeAddressesInSubnet: the subnet ${cidr} has no free address`);
  }

  /** Marks an address that somebody else chose. Returns false when it is taken. */
  claim(ip: string): boolean {
    if (this.taken.has(toNumber(ip))) return false;
    this.taken.add(toNumber(ip));
    return true;
  }

  release(ip: string): void {
    this.taken.delete(toNumber(ip));
  }
}

const sandboxNetwork = new BlockList();
sandboxNetwork.addSubnet(network.gateway, network.prefixLength);

/** Whether an address is on the sandbox's bridge; others would exist in the control plane only. */
export const isOnBridge = (ip: string): boolean => isIPv4(ip) && sandboxNetwork.check(ip) && ip !== network.gateway;

function range(cidr: string): { first: number; last: number } {
  const [base = "", bits = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(toNumber(base) / size) * size;
  // The bridge's own address lies in the VPC's last subnet.
  return { first: start + 4, last: Math.min(start + size - 2, toNumber(network.gateway) - 1) };
}

const toNumber = (ip: string) => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
