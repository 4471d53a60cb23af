/** What the checks look at; tests put in their own. */
export interface Machine {
  platform: string;
  architecture: string;
  /** The kernel's release, by which its modules' folder is called. */
  kernel: string;
  userId: number;
  env: Record<string, string | undefined>;
  home: string;
  /** The clone's folder. */
  project: string;
  hasProgram(name: string): boolean;
  /** Content of a file, empty when there is none. */
  read(file: string): string;
  exists(file: string): boolean;
  /** Names in a folder, none when there is none. */
  list(folder: string): string[];
  /** The file system that a folder lies on, or will. */
  fileSystemOf(folder: string): FileSystem;
  /** What was said where a program could not be started as the sandbox starts its first. */
  tryNamespaces(): string | undefined;
}

export interface FileSystem {
  /** Where it is mounted. */
  target: string;
  type: string;
  options: string[];
  /** Bytes. */
  free: number;
}

export declare function thisMachine(): Machine;
/** How the sandbox's command line ends where the machine is refused. */
export declare const refusedExitCode: number;
export declare function whatIsMissing(machine?: Machine): string[];
export declare function refusal(missing: string[], platform?: string): string;
