import { expect } from "chai";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticAddresses } from "../../../sandbox/aws/ec2/elastic-addresses";

describe("Elastic IP addresses in the sandbox", () => {
  const withAddresses = (count: number) => {
    const Addresses = Array.from({ length: count }, (_, index) => ({ PublicIp: `198.51.100.${index + 1}` }));
    return new ElasticAddresses({ send: async () => ({ Addresses }) } as unknown as EC2Client);
  };
  const form = new URLSearchParams({ Action: "AllocateAddress", Domain: "vpc" });

  it("are addresses that nobody has, another one each time", async () => {
    const addresses = withAddresses(4);
    const given = [await addresses.allocate(form), await addresses.allocate(form)].map((step) =>
      step.form.get("Address"),
    );
    expect(given).to.deep.equal(["198.51.100.1", "198.51.100.2"]);
  });

  it("are five at the most, as in an account that has not asked for more", async () => {
    const refused = await withAddresses(5)
      .allocate(form)
      .catch((error: { code: string }) => error);
    expect(refused).to.include({ code: "AddressLimitExceeded", status: 400 });
  });
});
