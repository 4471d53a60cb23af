/** Where a container's output goes: a file in the state folder and, with the awslogs driver, CloudWatch Logs. */
import { createWriteStream, mkdirSync } from "node:fs";
import * as path from "node:path";
import {
  CreateLogStreamCommand,
  PutLogEventsCommand,
  type CloudWatchLogsClient,
} from "@aws-sdk/client-cloudwatch-logs";
import type { ContainerDefinition } from "./types";

export interface ContainerLog {
  write(chunk: Buffer): void;
  close(): Promise<void>;
}

/** Events of one PutLogEvents call wait this long for company, in milliseconds. */
const flushInterval = 500;
/** PutLogEvents takes 10,000 events; the size limit of 1 MiB is kept by this many of at most 8 KiB. */
const maxEvents = 100;
const maxLine = 8192;

/**
 * Opens a container's log.
 * @throws Error whose message is ECS's when the log group does not exist or may not be written to:
 * "ResourceInitializationError: …"
 */
export async function openContainerLog(options: {
  file: string;
  definition: ContainerDefinition;
  taskId: string;
  client: CloudWatchLogsClient;
  /** Whether the execution role may. @throws Error named as AWS names it */
  allow(action: "CreateLogStream" | "PutLogEvents", group: string, stream: string): Promise<void>;
  onError(message: string): void;
}): Promise<ContainerLog> {
  const cloudWatch = await openStream(options);
  mkdirSync(path.dirname(options.file), { recursive: true });
  const file = createWriteStream(options.file, { flags: "a", mode: 0o600 });
  return {
    write(chunk) {
      file.write(chunk);
      cloudWatch?.write(chunk);
    },
    async close() {
      await Promise.all([new Promise<void>((resolve) => file.end(resolve)), cloudWatch?.close()]);
    },
  };
}

async function openStream({
  definition,
  taskId,
  client,
  allow,
  onError,
}: Parameters<typeof openContainerLog>[0]): Promise<ContainerLog | undefined> {
  const { logDriver, options = {} } = definition.logConfiguration ?? {};
  if (logDriver !== "awslogs") return undefined;
  const logGroupName = options["awslogs-group"] ?? "";
  const logStreamName = [options["awslogs-stream-prefix"], definition.name, taskId].filter(Boolean).join("/");
  const stream = { logGroupName, logStreamName };
  try {
    await allow("CreateLogStream", logGroupName, logStreamName);
    await client.send(new CreateLogStreamCommand(stream));
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(
      `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to ` +
        `create CloudWatch log stream: ${name}: ${message}`,
      { cause: error },
    );
  }
  return batchLines(async (lines) => {
    const logEvents = lines.map(({ text, at }) => ({ message: text, timestamp: at }));
    try {
      await allow("PutLogEvents", logGroupName, logStreamName);
      await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
    } catch (error) {
      onError(`CloudWatch Logs, ${logStreamName}: ${(error as Error).message}`);
    }
  });
}

interface Line {
  text: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Cuts output into lines and hands them over in batches, one batch at a time and in order. */
export function batchLines(send: (lines: Line[]) => Promise<void>): ContainerLog {
  const decoder = new TextDecoder();
  let rest = "";
  let waiting: Line[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxEvents);
      waiting = waiting.slice(maxEvents);
      sending = sending.then(() => send(batch));
    }
    return sending;
  };
  const take = (text: string) => {
    // CloudWatch Logs refuses empty messages.
    if (text !== "") waiting.push({ text, at: Date.now() });
  };
  return {
    write(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
      rest = lines.pop()!;
      for (const line of lines) take(line);
      while (rest.length > maxLine) {
        take(rest.slice(0, maxLine));
        rest = rest.slice(maxLine);
      }
      if (waiting.length >= maxEvents) void flush();
      else if (waiting.length > 0) timer ??= setTimeout(() => void flush(), flushInterval);
    },
    async close() {
      take(rest);
      await flush();
    },
  };
}
