/** An AWS endpoint that passes requests on to the sandbox's and counts them by action. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { awsEndpoint } from "../../sandbox/config";

export interface CountingEndpoint {
  url: string;
  /** Calls by action since the last time it was asked. */
  take(): Record<string, number>;
  close(): void;
}

export async function startCountingEndpoint(): Promise<CountingEndpoint> {
  let counts: Record<string, number> = {};
  const server = http.createServer((request, response) => {
    const action = actionOf(request.headers);
    counts[action] = (counts[action] ?? 0) + 1;
    const upstream = http.request(
      new URL(request.url ?? "/", awsEndpoint),
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on("error", (error) => response.destroy(error));
    request.pipe(upstream);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** ECS names the action in a header, "AmazonEC2ContainerServiceV20141113.RunTask"; the driver's other services do not. */
function actionOf(headers: http.IncomingHttpHeaders): string {
  const target = headers["x-amz-target"];
  return typeof target === "string" ? target.split(".").pop()! : "other";
}
