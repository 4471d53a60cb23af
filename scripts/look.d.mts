/** What the checks look at; tests put in their own. */
export interface Machine {
  platform: string;
  architecture: string;
  userId: number;
  hasProgram(name: string): boolean;
  /** Content of a file, empty when there is none. */
  read(file: string): string;
  exists(file: string): boolean;
}

export declare function whatIsMissing(machine?: Machine): string[];
export declare function refusal(missing: string[]): string;
