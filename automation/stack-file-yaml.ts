/**
 * A stack file's text, parsed as Pulumi parses it: with merge keys (`<<`). What is said of it repeats nothing of the text,
 * which may be a secret in the wrong place. Pure functions.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, ErrorCode, Node } from "yaml";
import { UserError } from "./errors";

/** What makes a text no valid YAML. */
export interface Broken {
  /** From 1 on. */
  line: number;
  text: string;
}

export interface StackFileYaml {
  document: Document;
  lines: LineCounter;
  broken: Broken[];
  /** What the text holds; undefined where it is broken. */
  value: unknown;
}

/** The document keeps its tokens, so that its text can be edited. */
export function parseYaml(text: string): StackFileYaml {
  const lines = new LineCounter();
  const options = { keepSourceTokens: true, lineCounter: lines, logLevel: "error", merge: true, prettyErrors: false };
  const document: Document = parseDocument(text, options as never);
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const said = ({ line, why }: { line: number; why: string }) => ({ line, text: `no valid YAML: ${why}` });
  const broken = [
    ...document.errors.map(({ pos, code }) => ({ line: lineAt(pos[0]), why: reasons[code] ?? "it cannot be read" })),
    ...wrongAliases(document).map(([node, why]) => ({ line: lineAt(node.range![0]), why })),
  ].map(said);
  if (broken.length > 0) return { document, lines, broken, value: undefined };
  try {
    return { document, lines, broken, value: document.toJS() };
  } catch {
    const [line, why] = [lineAt(firstAlias(document)), "what aliases repeat is too much"];
    return { document, lines, broken: [said({ line, why })], value: undefined };
  }
}

/** @throws UserError with what is wrong, and where */
export function valueOf(text: string, name: string): unknown {
  const { broken, value } = parseYaml(text);
  refuseBroken(broken, name);
  return value;
}

/** @throws UserError for the first of them */
export function refuseBroken([first]: readonly Broken[], name: string): void {
  if (first !== undefined) throw new UserError(`${name}, line ${first.line}: ${first.text}`);
}

/** Those that name nothing, or what they are in; the parser finds them only when it makes values of them, or never. */
function wrongAliases(document: Document): [node: Node, why: string][] {
  const found: [Node, string][] = [];
  visit(document, {
    Alias(_, alias, ancestors) {
      const named = alias.resolve(document);
      if (named === undefined) {
        found.push([alias, 'what begins with * is the alias of an anchor, and there is none; quote a pattern: "*"']);
      } else if (ancestors.includes(named)) found.push([alias, "an alias repeats what it is in"]);
    },
    Pair(_, { key, value }) {
      if (isMergeKey(key) && !merged(value, document).every(isMap)) {
        found.push([key as Node, "<< takes keys with values, or aliases of such"]);
      }
    },
  });
  return found;
}

const isMergeKey = (key: unknown) => isScalar(key) && typeof key.value === "symbol";

/** What a merge key names, but for aliases of nothing, which are told themselves. */
function merged(value: unknown, document: Document): unknown[] {
  const target = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const named = target(value);
  return (isSeq(named) ? named.items.map(target) : [named]).filter((one) => one !== undefined);
}

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias(_, { range }) {
      offset = range![0];
      return visit.BREAK;
    },
  });
  return offset;
}

/** The parser's own sentences repeat some of the text. */
const reasons: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias has a tag or an anchor of its own",
  BAD_ALIAS: 'what begins with * or & is an alias or an anchor, and has no name; quote a pattern: "*"',
  BAD_DIRECTIVE: "a line that begins with % is a directive, and it is not known",
  BAD_DQ_ESCAPE: 'within "double quotes" \\ begins an escape, and it is not known; use single quotes',
  BAD_INDENT: "a line is not as far from the margin as it has to be",
  BAD_SCALAR_START: "a text that begins with @, ` or % has to be quoted",
  BLOCK_AS_IMPLICIT_KEY: 'two keys are on one line; quote a text with ": " in it',
  BLOCK_IN_FLOW: "a list or keys on lines of their own are within [ ] or { }",
  DUPLICATE_KEY: "a key is there twice",
  KEY_OVER_1024_CHARS: "a key is too long",
  MISSING_CHAR: "a quote, a bracket, a brace, a comma or a space is missing",
  MULTILINE_IMPLICIT_KEY: "a key goes over more than one line; a colon or a quote may be missing before it",
  MULTIPLE_ANCHORS: "a value has two anchors",
  MULTIPLE_DOCS: "it is more than one document; take out the lines with ---",
  MULTIPLE_TAGS: "a value has two tags",
  TAB_AS_INDENT: "a tab is before a key; write spaces",
  TAG_RESOLVE_FAILED: "a tag (!) does not fit its value",
  UNEXPECTED_TOKEN: "something is behind the end of a value; quote all of the value, or take that out",
};
