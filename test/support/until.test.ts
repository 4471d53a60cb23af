import { expect } from "chai";
import { until } from "./until";

describe("until()", () => {
  const refusal = async (waiting: Promise<void>): Promise<string> => {
    try {
      await waiting;
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("asks until the condition holds", async () => {
    let asked = 0;
    await until("the third time", () => ++asked === 3);
    expect(asked).to.equal(3);
  });

  it("names what did not come and how long it waited, also where no answer comes", async () => {
    expect(await refusal(until("the moon", () => false, 200))).to.equal("waited 0.2 s for the moon");
    expect(await refusal(until("the sun", () => new Promise(() => {}), 200))).to.equal("waited 0.2 s for the sun");
  });

  it("passes on what the condition throws", async () => {
    const failing = until("the rain", () => {
      throw new Error("no sky");
    });
    expect(await refusal(failing)).to.equal("no sky");
  });
});
