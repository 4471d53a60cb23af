import { expect } from "chai";
import * as fc from "fast-check";
import { AddressPool, isOnBridge } from "../../../sandbox/aws/addresses";
import { resolveFile } from "../../../sandbox/aws/downloads";
import { AwsError, ec2ErrorBody, ecsAction, formList, isForm } from "../../../sandbox/aws/protocol";
import { parseMountInfo } from "../../../sandbox/world/mounts";
import { linkName, macAddress } from "../../../sandbox/world/network";

describe("addresses of a subnet", () => {
  it("leave out AWS's own and never come twice", () => {
    const pool = new AddressPool();
    const given = Array.from({ length: 11 }, () => pool.allocate("172.31.0.16/28"));
    expect(new Set(given).size).to.equal(11);
    expect(given[0]).to.equal("172.31.0.30");
    expect(given.at(-1)).to.equal("172.31.0.20");
    expect(() => pool.allocate("172.31.0.16/28")).to.throw("InsufficientFreeAddressesInSubnet");
  });

  it("come back, the one released last at the latest", () => {
    const pool = new AddressPool();
    const first = pool.allocate("172.31.0.0/28");
    pool.release(first);
    expect(pool.allocate("172.31.0.0/28")).not.to.equal(first);
  });

  it("respect those that others chose", () => {
    const pool = new AddressPool();
    expect(pool.claim("172.31.0.14")).to.equal(true);
    expect(pool.claim("172.31.0.14")).to.equal(false);
    expect(pool.allocate("172.31.0.0/28")).to.equal("172.31.0.13");
  });

  it("are never the bridge's own", () => {
    expect(new AddressPool().allocate("172.31.240.0/20")).to.equal("172.31.255.253");
    expect(isOnBridge("172.31.255.254")).to.equal(false);
  });

  it("are on the bridge or not", () => {
    expect(isOnBridge("172.31.0.5")).to.equal(true);
    for (const ip of ["172.30.0.5", "10.0.0.5", "no address"]) expect(isOnBridge(ip)).to.equal(false);
  });
});

describe("names on the bridge", () => {
  const address = fc.tuple(fc.nat(255), fc.nat(255)).map(([third, fourth]) => `172.31.${third}.${fourth}`);

  it("fit a link's 15 characters and differ where the addresses do", () => {
    fc.assert(
      fc.property(address, address, (one, other) => {
        expect(linkName(one)).to.match(/^gfr[0-9a-f]{8}$/);
        expect(linkName(one) === linkName(other)).to.equal(one === other);
        expect(macAddress(one) === macAddress(other)).to.equal(one === other);
        expect(macAddress(one)).not.to.equal(macAddress(one, "bridge"));
      }),
    );
  });

  it("have locally administered unicast MACs", () => {
    expect(macAddress("172.31.0.9")).to.equal("0a:58:ac:1f:00:09");
  });
});

describe("the wire protocols", () => {
  it("recognise ECS's JSON and a service's forms, and nothing else", () => {
    expect(ecsAction({ "x-amz-target": "AmazonEC2ContainerServiceV20141113.RunTask" })).to.equal("RunTask");
    expect(ecsAction({ "x-amz-target": "Logs_20140328.PutLogEvents" })).to.equal(undefined);
    const call = (method: string, service: string) => ({
      method,
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        authorization: `AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host`,
      },
    });
    expect(isForm("ec2", call("POST", "ec2"))).to.equal(true);
    expect(isForm("ec2", call("POST", "iam"))).to.equal(false);
    expect(isForm("ec2", call("GET", "ec2"))).to.equal(false);
  });

  it("read a form's numbered lists", () => {
    const form = new URLSearchParams("InstanceId.1=i-1&InstanceId.2=i-2&InstanceIdx.3=no");
    expect(formList(form, "InstanceId")).to.deep.equal(["i-1", "i-2"]);
  });

  it("write errors whose text cannot break the XML", () => {
    expect(ec2ErrorBody(new AwsError("Code", "<a> & b"))).to.include("<Message>&lt;a&gt; &amp; b</Message>");
  });
});

describe("the download folder", () => {
  it("gives files below it and nothing beside it", () => {
    expect(resolveFile("/d", "/go/x%2Ey?z")).to.equal("/d/go/x.y");
    expect(resolveFile("/d", "/goproxy/github.com/!burnt!sushi/toml/@v/list")).to.equal(
      "/d/goproxy/github.com/!burnt!sushi/toml/@v/list",
    );
    for (const url of ["/../etc/passwd", "/%2e%2e/etc/passwd", "/a/../../d2/x", "/%", "/a%00b"]) {
      expect(resolveFile("/d", url)).to.equal(undefined, url);
    }
  });
});

describe("a mount", () => {
  it("may have blanks in its name", () => {
    const [mount] = parseMountInfo(
      "36 35 98:0 / /with\\040blank rw,noatime shared:1 - ext4 /dev/root rw,errors=continue",
    );
    expect(mount).to.deep.equal({ root: "/", target: "/with blank", type: "ext4", options: ["rw", "errors=continue"] });
  });
});
