/** The programs' packages: which they are, and that they are Debian's. */
import { expect } from "chai";
import { createCleartextMessage, generateKey, readPrivateKey, sign } from "openpgp";
import { parsePackages, signedText } from "../../../sandbox/setup/tools/archive";
import { closure } from "../../../sandbox/setup/tools/closure";
import { memberWith } from "../../../sandbox/setup/tools/unpack";

const list = (...paragraphs: string[]) => parsePackages(`${paragraphs.join("\n\n")}\n`);
const paragraph = (name: string, fields: Record<string, string> = {}) =>
  [`Package: ${name}`, ...Object.entries(fields).map(([field, value]) => `${field}: ${value}`)].join("\n");

describe("the list of Debian's packages", () => {
  it("has each package's fields by the package's name", () => {
    const text = paragraph("a", { Version: "1:2~3", Description: "short\n long: not a field", SHA256: "0f" });
    expect(list(text, paragraph("b")).get("a")).to.deep.equal({
      Package: "a",
      Version: "1:2~3",
      Description: "short",
      SHA256: "0f",
    });
  });
});

describe("the packages that it takes to have some", () => {
  const names = (all: ReturnType<typeof list>, ...wanted: string[]) =>
    closure(all, wanted).map(({ Package }) => Package);

  it("are those that they depend on, before and after they are set up, in turn, and no others", () => {
    const all = list(
      paragraph("a", { Depends: "b (>= 1.0), c:any", "Pre-Depends": "d", Recommends: "e" }),
      paragraph("b", { Depends: "a" }),
      ...["c", "d", "e"].map((name) => paragraph(name)),
    );
    expect(names(all, "a")).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("are what every package counts on as well", () => {
    expect(names(list(paragraph("a"), paragraph("base", { Essential: "yes" })), "a")).to.deep.equal(["a", "base"]);
  });

  it("are the first of alternatives, or the one that is there anyway", () => {
    const all = list(paragraph("a", { Depends: "x | y" }), paragraph("x"), paragraph("y"));
    expect(names(all, "a")).to.deep.equal(["a", "x"]);
    expect(names(all, "y", "a")).to.deep.equal(["a", "y"]);
  });

  it("are what provides a name that no package has", () => {
    const all = list(paragraph("a", { Depends: "mta" }), paragraph("exim", { Provides: "mta (= 1), other" }));
    expect(names(all, "a")).to.deep.equal(["a", "exim"]);
  });

  it("are named where the suite lacks one", () => {
    expect(() => names(list(paragraph("a", { Depends: "x | y" })), "a")).to.throw("a needs x or y");
  });
});

describe("Debian's signature", () => {
  const user = { userIDs: { name: "archive" } };

  it("is good by one of the keys that are known, and of no other text", async () => {
    const [known, other] = [await generateKey(user), await generateKey(user)];
    const signed = async (...keys: string[]) =>
      sign({
        message: await createCleartextMessage({ text: "Codename: bookworm\n" }),
        signingKeys: await Promise.all(keys.map((armoredKey) => readPrivateKey({ armoredKey }))),
      });
    const both = await signed(other.privateKey, known.privateKey);
    expect(await signedText(both, known.publicKey)).to.equal("Codename: bookworm\n");
    const refused = (text: string) =>
      signedText(text, known.publicKey).then(
        (accepted) => expect.fail(`it took ${accepted}`),
        (error: Error) => error.message,
      );
    expect(await refused(await signed(other.privateKey))).to.match(/signature is not good/);
    expect(await refused(both.replace("bookworm", "trixie"))).to.match(/signature is not good/);
    expect(await refused("Codename: bookworm\n")).to.match(/armor/i);
  });
});

describe("a package's file", () => {
  const member = (name: string, content: string) =>
    name.padEnd(48) + String(content.length).padEnd(10) + "`\n" + content + (content.length % 2 === 1 ? "\n" : "");

  it("has its members one behind the other, each from an even place on", () => {
    const archive = Buffer.from(`!<arch>\n${member("debian-binary", "2.0")}${member("data.tar.xz/", "content")}`);
    const [name, content] = memberWith(archive, "data.tar");
    expect([name, content.toString()]).to.deep.equal(["data.tar.xz", "content"]);
    expect(() => memberWith(archive, "control.tar")).to.throw("no control.tar");
  });
});
