/** A company's name server, in the place of the VPC's resolver, which forwards to it; and the deployment's hosts file. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as packet from "dns-packet";
import { execa } from "execa";
import { network, projectDir } from "../../sandbox/config";
import { entering } from "../../sandbox/world/namespaces";
import type { Scratch } from "./scratch";
import { status } from "./status";

export interface NameServer {
  /** The names that it was asked for, in their order. */
  asked: string[];
  close(): void;
}

/** @param names that there are, all of this machine on the sandbox's network; of any other it says that there is none */
export async function startNameServer(names: readonly string[]): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    const { id, questions = [] } = packet.decode(message);
    const [{ name, type }] = questions;
    asked.push(name);
    const known = names.includes(name.toLowerCase());
    const answers: packet.Answer[] = known && type === "A" ? [{ type, name, ttl: 1, data: network.gateway }] : [];
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (known ? 0 : noSuchName);
    socket.send(packet.encode({ type: "response", id, flags, questions, answers }), port, address);
  });
  socket.bind(53, network.resolver);
  await once(socket, "listening");
  return { asked, close: () => void socket.close() };
}

/** NXDOMAIN. */
const noSuchName = 3;

/** Lets this process, and what deploys on the sandbox, know the names too, until the returned function is called. */
export async function addToHosts(folder: Scratch, names: readonly string[]): Promise<() => Promise<unknown>> {
  const { pid } = await status();
  const everywhere = async (...command: string[]) => {
    await execa(command[0], command.slice(1));
    const [file, ...args] = entering(pid, projectDir, command);
    await execa(file, args);
  };
  const text = `${readFileSync("/etc/hosts", "utf8").trimEnd()}\n${network.gateway} ${names.join(" ")}\n`;
  await everywhere("mount", "--bind", folder.file("hosts", text), "/etc/hosts");
  return () => everywhere("umount", "/etc/hosts");
}
