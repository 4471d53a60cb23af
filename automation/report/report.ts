/** A preview's report as data: what the JSON file holds, and what the Markdown is made of. Everything in it is masked. */
import { buildTrouble } from "../build-failure";
import { changesOf, type Op } from "../changes";
import { dangersOf, type Danger } from "../danger";
import { buildsImage, imagePlatform, meaningsOf } from "../meaning";
import { groups, type Group } from "../meaning-rules";
import { outcomeOf } from "../outcome";
import type { EngineResult } from "../stack";
import { differences, type Difference } from "./difference";
import { maskText } from "./masking";

export interface ReportedChange {
  op: Op;
  /** "runner for acme/frontend". */
  subject: string;
  type: string;
  urn: string;
  differences: Difference[];
}

export interface Report {
  stack: string;
  /** One line, as a sentence without a full stop; "" where the preview failed before it knew. */
  outcome: string;
  dangers: Danger[];
  /** In the report's order, without empty ones. */
  groups: { name: Group; changes: ReportedChange[] }[];
  /** Resources that stay as they are. */
  unchanged: number;
  errors: string[];
  warnings: string[];
  /** A deployment has to build the job image; the preview has not. */
  imageToBuild: boolean;
  /** Its platform, "linux/arm64", where an image has to be built and the preview shows it. */
  imagePlatform?: string;
}

export function reportOf(stack: string, { events, failure }: EngineResult): Report {
  const { changes, unchanged, errors, warnings } = changesOf(events);
  const meanings = meaningsOf(changes);
  const reported = meanings.map(({ change, group, subject }) => {
    const { op, type, urn, properties } = change;
    return {
      group,
      change: {
        op,
        subject: maskText(subject),
        type,
        urn: maskText(urn),
        differences: properties.flatMap(differences),
      },
    };
  });
  const failed = failure !== undefined || errors.length > 0;
  return {
    stack,
    // What a preview that failed has come to know is a part, and would be taken for the whole.
    outcome: failed ? "" : maskText(outcomeOf(meanings)),
    dangers: dangersOf(meanings, changes).map((danger) => ({
      ...danger,
      subject: maskText(danger.subject),
      urn: maskText(danger.urn),
    })),
    groups: groups
      .map((name) => ({ name, changes: reported.filter(({ group }) => group === name).map(({ change }) => change) }))
      .filter(({ changes: own }) => own.length > 0),
    unchanged,
    errors: (errors.length > 0 ? [...buildTrouble(events), ...errors] : failed ? [failure ?? ""] : []).map(maskText),
    warnings: warnings.map(maskText),
    imageToBuild: buildsImage(changes),
    ...(buildsImage(changes) && { imagePlatform: imagePlatform(changes) }),
  };
}

export const failed = ({ errors }: Report): boolean => errors.length > 0;

export const hasChanges = ({ groups: found }: Report): boolean => found.length > 0;
