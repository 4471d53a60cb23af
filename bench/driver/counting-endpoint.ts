/** An AWS endpoint that passes requests on to another one and counts them by action. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";

export interface CountingEndpoint {
  url: string;
  /** Calls by action since the last time it was asked. */
  take(): Record<string, number>;
  close(): void;
}

export async function startCountingEndpoint(upstream: string): Promise<CountingEndpoint> {
  let counts: Record<string, number> = {};
  const server = http.createServer((request, response) => {
    const action = actionOf(request.headers);
    counts[action] = (counts[action] ?? 0) + 1;
    const passedOn = http.request(
      new URL(request.url ?? "/", upstream),
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    passedOn.on("error", (error) => response.destroy(error));
    request.pipe(passedOn);
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
