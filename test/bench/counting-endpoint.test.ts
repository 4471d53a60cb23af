import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { startCountingEndpoint, type CountingEndpoint } from "../../bench/driver/counting-endpoint";

describe("the counting endpoint", () => {
  let upstream: http.Server;
  let endpoint: CountingEndpoint;

  beforeEach(async () => {
    upstream = http.createServer((request, response) => {
      void text(request).then((body) => response.writeHead(418).end(`${request.url} ${body}`));
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    endpoint = await startCountingEndpoint(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
  });
  afterEach(() => {
    endpoint.close();
    upstream.close();
  });

  const call = (target?: string) =>
    fetch(`${endpoint.url}/path`, {
      method: "POST",
      body: "{}",
      headers: target === undefined ? {} : { "x-amz-target": target },
    });

  it("passes requests and answers on", async () => {
    const response = await call("AmazonEC2ContainerServiceV20141113.RunTask");
    expect(response.status).to.equal(418);
    expect(await response.text()).to.equal("/path {}");
  });

  it("counts by action, from one time to the next", async () => {
    for (const action of ["RunTask", "DescribeTasks", "DescribeTasks"]) {
      await call(`AmazonEC2ContainerServiceV20141113.${action}`);
    }
    await call();
    expect(endpoint.take()).to.deep.equal({ RunTask: 1, DescribeTasks: 2, other: 1 });
    expect(endpoint.take()).to.deep.equal({});
  });
});
