/** Whom a container runs as where its task definition says so. */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { resolveUser } from "../../../sandbox/aws/ecs/user";
import { scratch } from "../../support/scratch";

describe("a container's user", () => {
  const folder = scratch();
  before(() => {
    mkdirSync(path.join(folder.dir, "etc"));
    folder.file("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:100::/srv:/bin/sh\n");
    folder.file("etc/group", "root:x:0:\nusers:x:100:\nextra:x:7:app,other\n");
  });
  after(() => folder.remove());
  const user = (text: string) => resolveUser(folder.dir, text);

  it("is looked up in the image, with the groups that list it", () => {
    for (const text of ["app", "1000"]) {
      expect(user(text)).to.deep.equal({ uid: 1000, gid: 100, additionalGids: [7] });
    }
    expect(user("app:root")).to.deep.equal({ uid: 1000, gid: 0, additionalGids: [] });
  });

  it("may be a number that the image does not know, but no such name", () => {
    expect(user("4711")).to.deep.equal({ uid: 4711, gid: 0, additionalGids: [] });
    expect(user("4711:12")).to.include({ uid: 4711, gid: 12 });
    expect(() => user("nobody")).to.throw("CannotStartContainerError: unable to find user nobody");
    expect(() => user("app:wheel")).to.throw("unable to find group wheel");
  });
});
