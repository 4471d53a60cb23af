/** The changes whose reports are kept as golden files: each an edit of the sandbox's stack file. */
import { isMap, parseDocument, type Document } from "yaml";

export interface Scenario {
  name: string;
  /** What is deployed when the preview runs. */
  on: "one group" | "two groups";
  edit(document: Document): void;
}

const key = (name: string) => ["config", `gitlab-fargate-runners:${name}`];

export const twoGroups = (document: Document) =>
  document.setIn(key("groups"), document.createNode(["acme/backend", "acme/frontend"]));

export const guarded = (document: Document) => document.setIn(key("protect"), true);

/** Another key pair than the sandbox's own: AWS cannot exchange the key of an instance. */
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vdCB0aGUga2V5IG9mIHRoZSBzYW5kYm94ISEhISEh other";

export const scenarios: Scenario[] = [
  { name: "nothing", on: "one group", edit: () => {} },
  { name: "group-added", on: "one group", edit: twoGroups },
  { name: "group-removed", on: "two groups", edit: () => {} },
  {
    name: "size-changed",
    on: "one group",
    edit: (document) => document.setIn(key("sizes"), document.createNode({ default: { cpu: 2048, memory: 8192 } })),
  },
  {
    name: "host-replaced",
    on: "one group",
    edit: (document) => document.setIn([...key("host"), "publicKey"], otherKey),
  },
  {
    name: "access-opened",
    on: "one group",
    edit: (document) => document.addIn([...key("host"), "adminCidrs"], "203.0.113.0/24"),
  },
  {
    name: "image-changed",
    on: "one group",
    edit: (document) => document.setIn([...key("image"), "buildArgs", "EXTRA_PACKAGES"], "jq"),
  },
  {
    name: "cache-removed",
    on: "one group",
    edit: (document) => document.setIn(key("cache"), document.createNode({ enabled: false })),
  },
  {
    name: "wrong-settings",
    on: "one group",
    edit: (document) =>
      document.setIn(
        key("groups"),
        document.createNode(["acme/backend", "acme/backend", { path: "a|b`<", size: "huge" }]),
      ),
  },
  {
    name: "provider-failure",
    on: "one group",
    edit: (document) => document.setIn(["config", "gitlab:token"], "glpat-no-token-of-anybody"),
  },
  {
    name: "many",
    on: "one group",
    edit: (document) => {
      const names = Array.from({ length: 300 }, (_, index) => `runner-${index + 1}`);
      document.setIn(key("instanceRunners"), document.createNode(names));
    },
  },
];

/** The stack file after the edit. */
export function edited(text: string, edit: Scenario["edit"]): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error("the stack file is empty");
  edit(document);
  return document.toString({ lineWidth: 0 });
}
