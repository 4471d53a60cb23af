/** Questions to a person, or to whatever writes the answers into standard input, one on each line. */
import * as readline from "node:readline";
import { UserError } from "./errors";
import { tell } from "./output";

export interface Asked {
  text: string;
  standard?: string;
  /** The variable of the environment that the standard is from. */
  standardFrom?: string;
  wrong(answer: string): string | undefined;
}

/** Asks each question until its answer will do. @throws UserError where the input ends before */
export async function askAll<Question extends Asked>(
  input: NodeJS.ReadableStream,
  questions: readonly Question[],
  answered: (question: Question, answer: string) => void,
): Promise<void> {
  const reader = readline.createInterface({ input });
  const lines = reader[Symbol.asyncIterator]();
  try {
    for (const question of questions) answered(question, await answerTo(question, lines));
  } finally {
    reader.close();
  }
}

async function answerTo({ text, standard, standardFrom, wrong }: Asked, lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    tell(`${text}${standard === undefined ? "" : ` [${standard}]`}:`);
    const { value, done } = await lines.next();
    if (done) throw new UserError("the input has ended before all was answered; nothing was written");
    const given = String(value).trim();
    const answer = given || (standard ?? "");
    const why = answer === "" ? "an answer is needed" : wrong(answer);
    if (why === undefined) return answer;
    tell(`  ${given === "" && standardFrom ? `${standardFrom}: ` : ""}${why}`);
  }
}
