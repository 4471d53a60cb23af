/** The list of what others have made: docs/third-party.md. It asks Go, which has the driver's modules in its cache. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { projectDir } from "../../sandbox/config";
import { licenceOf, thirdPartyFile, thirdPartyPage } from "../../scripts/third-party";

const page = () => fs.readFileSync(thirdPartyFile, "utf8");

describe("the list of third-party software", () => {
  it("is what the driver is compiled of and what the image takes (npm run docs writes it)", async () => {
    expect(await thirdPartyPage(page())).to.equal(page());
  });

  it("has what the programs are made of, and nothing that tests alone use", () => {
    for (const module of [
      "golang.org/x/crypto",
      "github.com/aws/aws-sdk-go-v2/service/ecs",
      "github.com/spf13/pflag",
    ]) {
      expect(page()).to.match(new RegExp(`^\\| \`${module}\` `, "m"));
    }
    expect(fs.readFileSync(path.join(projectDir, "driver/go.mod"), "utf8")).to.contain("github.com/google/go-cmp");
    expect(page()).to.not.contain("go-cmp");
  });

  it("is written again where it is out of date, and nothing else is", async () => {
    const stale = page().replace(/\| `golang.org\/x\/crypto`.*\n/, "");
    expect(stale).to.not.equal(page());
    expect(await thirdPartyPage(stale)).to.equal(page());
    const failure = await thirdPartyPage("no marks").catch((error: Error) => error.message);
    expect(failure).to.equal("there is no place for driver: <!-- driver --> and <!-- /driver -->");
  });

  const clause = "Redistribution and use in source and binary\nforms, with or without modification";
  const texts: [id: string, text: string][] = [
    ["Apache-2.0", "Apache License\n   Version 2.0, January 2004\n\n   Copyright [yyyy] [name of copyright owner]"],
    ["MIT", "Permission is hereby granted, free of\ncharge, to any person"],
    ["BSD-2-Clause", clause],
    ["BSD-3-Clause", `${clause}\n * Neither the name of Google Inc. nor`],
  ];
  for (const [id, text] of texts) {
    it(`knows ${id} by its text, and a copyright only where somebody has it`, () => {
      expect(licenceOf(text)).to.deep.equal({ id, copyright: [] });
      expect(licenceOf(`  Copyright (c) 2014 Bob\n\n${text}`).copyright).to.deep.equal(["Copyright (c) 2014 Bob"]);
    });
  }

  it("is refused where nobody knows a licence", () => {
    expect(() => licenceOf("Beerware")).to.throw("no licence that scripts/third-party.ts knows: Beerware");
  });
});
