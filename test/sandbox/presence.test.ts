/** What the sandbox's commands say of a sandbox that is there already. */
import { expect } from "chai";
import type { Status } from "../../sandbox/control/protocol";
import { busy, outOfReach } from "../../sandbox/presence";

const status = { pid: 4711, project: "/home/me/clone" } as Status;

describe("a sandbox that is there already", () => {
  it("is told by how long it stays: until its command ends, or until it is taken down", () => {
    expect(busy({ ...status, lease: true })).to.match(
      /npm start runs \(process 4711, of \/home\/me\/clone\).*Wait for it/,
    );
    expect(busy({ ...status, lease: true })).not.to.contain("down");
    expect(busy({ ...status, lease: false })).to.match(/process 4711.*npm run sandbox -- down/);
  });

  it("is another user's, or one that does not answer yet", () => {
    expect(outOfReach({ pid: 1, userId: 0 }, 1000)).to.match(/^A sandbox of root is up \(process 1\)/);
    expect(outOfReach({ pid: 1, userId: 1001 }, 1000)).to.match(/^A sandbox of user 1001 is up/);
    expect(outOfReach({ pid: 1, userId: 1000 }, 1000)).to.match(/^A sandbox is starting or ending \(process 1\)/);
  });
});
