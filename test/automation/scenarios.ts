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
const otherPair = {
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPRsd121TFt37882ZZI50x6dBmJejGA5FZUFfOaqSSgs other",
  privateKey: {
    secure: [
      "v1:5DJtWMrrUa9qgakP:bmk7R6ZEYrYtO6+pfrLkTwsBZbFGJ4KbV9CgSBk2x2UBH85zqYI0C1Pnay2Dkcg7t9G1pz5eNkBTPVF8",
      "MShwwSW5ZSW0QnPCR+n+EEhE3fEWIclo8cDsDN4Kl4rAk0QNaMKEzDE+2mhq0bfBIOUXr5ESNU+19CXUrx015HKlA2tNrsWKwjyI",
      "pjjvcZ5im+IpEbU6X1KEqSLGh+WWC31qlAO0mLOQsq0pfbu7uSsrH9pX+nq61ELNsH+Cbybv/8LUJeRoG6V7mL3yoRYFsNRcWYMI",
      "gVU5RuxxtsQzdEa/CGzljUiZh+OBujkEPJpVMXOeO9aRlgwL2cul40Wic/GYJqbf+1+z3v5GfS4KtYP5PkGy32INBDcImrJS0eJp",
      "4CI8TudzentvnUKJ//e2/XKzZWThmCMc7MRfw8T5MDHKZCx891cj/DWDNjLbvmZyOp0o4DBG1WnW2kSydVv00mYsBAVV1JsajFcI",
      "rqdsQccTL0pVCCXhIMnbZ/SutbPj80DPJTQ5DFAtRHMna9emJE1f674m3g==",
    ].join(""),
  },
};

/** Encrypted as the sandbox's stack file is: "glpat-no-token-of-anybody". */
const wrongToken = { secure: "v1:Q8jPUNCt0H2tRWSt:dH1C9fkIwd/bD0hzqwKYKcqZQrf8OzfhmLrUfasrHdZlU9JYT34f68M=" };

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
    edit: (document) => {
      for (const [half, value] of Object.entries(otherPair)) {
        document.setIn([...key("host"), half], document.createNode(value));
      }
    },
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
    edit: (document) => document.setIn(["config", "gitlab:token"], document.createNode(wrongToken)),
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
