import { expect } from "chai";
import { hasTooLittleMemory, instanceArchitecture } from "../../components/settings/instance-types";

describe("the architecture of an instance type", () => {
  it("is arm64 for AWS's own processors", () => {
    for (const type of "a1.large c6g.medium c7gd.large c7gn.large g5g.xlarge hpc7g.4xlarge i4g.large im4gn.large is4gen.large m8g.metal-24xl r8gb.large t4g.nano x2gd.medium x8g.large".split(
      " ",
    )) {
      expect(instanceArchitecture(type), type).to.equal("arm64");
    }
  });

  it("is x86_64 for all others", () => {
    for (const type of "t2.micro t3.small t3a.small m5.large m7i-flex.large c6in.large c7a.large g4dn.xlarge g4ad.xlarge g6.xlarge gr6.4xlarge p5en.48xlarge u-6tb1.metal u7i-12tb.224xlarge x2idn.large z1d.large".split(
      " ",
    )) {
      expect(instanceArchitecture(type), type).to.equal("x86_64");
    }
  });
});

describe("an instance type's memory", () => {
  it("is too little in the two smallest sizes only", () => {
    expect(["t4g.nano", "t3.micro", "t1.micro"].every(hasTooLittleMemory)).to.equal(true);
    expect(["t4g.small", "m7g.medium", "micro.large"].some(hasTooLittleMemory)).to.equal(false);
  });
});
