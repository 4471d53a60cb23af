/** What changes of hosts and of what is set up on them mean to people: a part of meaning-rules.ts. */
import { isReachedAnotherWay, stopsHost } from "./host-changes";
import type { Rule } from "./meaning-rules";
import { instance } from "./resource-types";

const command = /^command:remote:(Command|CopyToRemote)$/;
const onHosts = (verb: string, what: string) => `${verb} ${what} on {n} {host|hosts}`;

export const hostRules: Rule[] = [
  {
    type: instance,
    when: stopsHost,
    group: "Hosts",
    subject: "host {label}",
    headline: { update: "stops and starts {n} {host|hosts}" },
    disturbs: ["update"],
  },
  {
    type: instance,
    group: "Hosts",
    subject: "host {label}",
    headline: {
      create: "adds {n} {host|hosts}",
      update: "changes {n} {host|hosts}",
      replace: "replaces {n} {host|hosts}",
      delete: "removes {n} {host|hosts}",
    },
    disturbs: ["replace", "delete"],
  },
  {
    type: command,
    when: isReachedAnotherWay,
    group: "Hosts",
    subject: "way to the host's set-up: {label}",
    headline: { update: "reaches the hosts another way" },
  },
  {
    type: command,
    name: /^(.+)-config-toml$/,
    group: "Hosts",
    subject: "config.toml on {label}",
    headline: {
      create: onHosts("writes", "config.toml"),
      update: onHosts("rewrites", "config.toml"),
      replace: onHosts("rewrites", "config.toml"),
    },
  },
  {
    type: command,
    name: /^(.+)-fargate-toml$/,
    group: "Hosts",
    subject: "fargate.toml on {label}",
    headline: {
      create: onHosts("writes", "fargate.toml"),
      update: onHosts("rewrites", "fargate.toml"),
      replace: onHosts("rewrites", "fargate.toml"),
    },
  },
  {
    type: command,
    name: /^(.+)-service$/,
    group: "Hosts",
    subject: "service gitlab-runner on {label}",
    headline: {
      create: onHosts("starts", "the runner"),
      update: onHosts("restarts", "the runner"),
      replace: onHosts("starts", "the runner anew"),
      delete: "",
    },
    disturbs: ["update", "replace", "delete"],
  },
  {
    type: /^command:local:Command$/,
    name: /^(.+)-drain$/,
    group: "Hosts",
    subject: "drain of {label} before it goes",
    headline: {
      create: "",
      update: "",
      replace: onHosts("drains", "the runner"),
      delete: onHosts("drains and stops", "the runner"),
    },
    disturbs: ["replace", "delete"],
  },
  {
    type: command,
    name: /^(.+)-driver$/,
    group: "Hosts",
    subject: "driver on {label}",
    headline: {
      create: onHosts("builds", "the driver"),
      update: onHosts("rebuilds", "the driver"),
      replace: onHosts("rebuilds", "the driver"),
    },
  },
  {
    type: command,
    name: /^(.+)-runner$/,
    group: "Hosts",
    subject: "GitLab Runner on {label}",
    headline: {
      create: onHosts("installs", "GitLab Runner"),
      update: onHosts("installs", "GitLab Runner"),
      replace: onHosts("installs", "GitLab Runner"),
    },
  },
  {
    type: command,
    name: /^(.+)-trust$/,
    group: "Hosts",
    subject: "trusted certificate authorities on {label}",
    headline: {
      create: onHosts("trusts", "private certificate authorities"),
      update: onHosts("trusts", "other private certificate authorities"),
      replace: onHosts("trusts", "private certificate authorities"),
      delete: onHosts("trusts", "no private certificate authority any more"),
    },
  },
  { type: command, group: "Hosts", subject: "step of the host's set-up: {label}" },
  { type: /^command:local:Command$/, name: /^(.+)-login-key$/, group: "Hosts", subject: "SSH login key of {label}" },
  {
    type: /^aws:ec2\/eip:Eip$/,
    group: "Hosts",
    subject: "public address of {label}",
    headline: {
      create: "gives {n} {host|hosts} a public address",
      replace: "gives {n} {host|hosts} another public address",
      delete: "takes the public address of {n} {host|hosts}",
    },
  },
  {
    type: /^aws:ec2\/eipAssociation:/,
    group: "Hosts",
    subject: "hold of {label} on its public address",
    headline: { create: "", replace: "", delete: "" },
  },
  { type: /^aws:ec2\/keyPair:KeyPair$/, group: "Hosts", subject: "SSH key of the hosts: {label}" },
];
