import { expect } from "chai";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import {
  ANY,
  makeSecret,
  markSecrets,
  type Path,
  type Props,
  UNKNOWN,
  unwrapSecrets,
} from "../../../sandbox/providers/framework/values";
import { createContext, rejection } from "./support";

const randomSeed = new Uint8Array([1, 2, 3]);
const { context } = createContext();

/** Records what it was asked to do. */
function createResource(traits: Partial<Resource> = {}) {
  const calls: { call: string; inputs: Props }[] = [];
  const resource: Resource = {
    async create(inputs) {
      calls.push({ call: "create", inputs });
      return { id: "id-1", outputs: { ...inputs, made: "yes" } };
    },
    async update(_id, state, inputs) {
      calls.push({ call: "update", inputs });
      return { ...inputs, made: state.made };
    },
    async delete(_id, state) {
      calls.push({ call: "delete", inputs: state });
    },
    ...traits,
  };
  return { resource, calls };
}

describe("provider framework: secrets", () => {
  const props: Props = {
    plain: "a",
    password: makeSecret("b"),
    nested: { list: ["x", makeSecret({ deep: makeSecret("y") })] },
  };

  it("takes marks off at every depth and tells where they were", () => {
    const { plain, secrets } = unwrapSecrets(props);
    expect(plain).to.deep.equal({ plain: "a", password: "b", nested: { list: ["x", { deep: "y" }] } });
    expect(secrets).to.deep.include.members([["password"], ["nested", "list", 1], ["nested", "list", 1, "deep"]]);
  });

  it("puts marks back, the outer one for all that is inside, and none where there is nothing", () => {
    const { plain, secrets } = unwrapSecrets(props);
    expect(markSecrets(plain, [...secrets, ["missing", "deep"]])).to.deep.equal({
      plain: "a",
      password: makeSecret("b"),
      nested: { list: ["x", makeSecret({ deep: "y" })] },
    });
  });

  it("marks a property of every element", () => {
    const marked = markSecrets({ list: [{ a: 1, b: 2 }, { a: 3 }] }, [["list", ANY, "a"]]);
    expect(marked).to.deep.equal({ list: [{ a: makeSecret(1), b: 2 }, { a: makeSecret(3) }] });
  });

  it("gives definitions plain values and the engine marked ones", async () => {
    const { resource, calls } = createResource({ secretOutputs: ["made"] });
    const inputs = { a: makeSecret("s"), b: "t" };
    const { outputs } = await lifecycle.create(resource, { inputs, preview: false }, context);
    expect(calls).to.deep.equal([{ call: "create", inputs: { a: "s", b: "t" } }]);
    expect(outputs).to.deep.equal({ a: makeSecret("s"), b: "t", made: makeSecret("yes") });
  });

  it("keeps outputs secret that the new inputs do not name", async () => {
    const { resource } = createResource();
    const state = { a: "1", made: makeSecret("yes") };
    const outputs = await lifecycle.update(resource, { id: "i", state, news: { a: "2" }, preview: false }, context);
    expect(outputs).to.deep.equal({ a: "2", made: makeSecret("yes") });
  });
});

describe("provider framework: names", () => {
  const autoName = { property: "name", maxLength: 20 };
  const check = (news: Props, olds?: Props, rule: Partial<Resource["autoName"]> = {}, name = "thing") =>
    lifecycle.check(
      createResource({ autoName: { ...autoName, ...rule } }).resource,
      { news, olds, randomSeed },
      createContext({ name }).context,
    );

  it("adds a suffix to the logical name, and the same one for the same seed", async () => {
    const { inputs } = await check({});
    expect(inputs.name).to.match(/^thing-[0-9a-f]{7}$/);
    expect((await check({})).inputs.name).to.equal(inputs.name);
  });

  it("keeps a generated name from deployment to deployment", async () => {
    const olds = { name: "thing-0000000", __defaults: ["name"] };
    expect((await check({}, olds)).inputs.name).to.equal("thing-0000000");
  });

  it("makes a new one where the user's own name was taken away", async () => {
    expect((await check({}, { name: "mine" })).inputs.name).to.match(/^thing-/);
  });

  it("leaves a given name alone", async () => {
    expect((await check({ name: "mine" })).inputs).to.deep.equal({ name: "mine" });
  });

  it("lowers the logical name, takes a prefix in its place, and changes nothing else of it", async () => {
    const lowered = await check({}, undefined, { lowercase: true }, "A/Logical");
    expect(lowered.inputs.name).to.match(/^a\/logical-[0-9a-f]{7}$/);
    const prefixed = await check({ namePrefix: "p." }, undefined, { prefixProperty: "namePrefix" });
    expect(prefixed.inputs.name).to.match(/^p\.[0-9a-f]{7}$/);
  });

  it("refuses a logical name that is too long, in the real providers' words", async () => {
    expect((await check({}, undefined, {}, "twelve-chars")).inputs.name).to.have.length(20);
    const { message } = await rejection(check({}, undefined, {}, "thirteen-char"));
    expect(message).to.equal(
      "could not make instance of 'test:index:Thing': name 'thirteen-char-' plus 7 random chars is longer than maximum length 20",
    );
  });
});

describe("provider framework: differences", () => {
  const diff = (traits: Partial<Resource>, oldInputs: Props, news: Props, state = oldInputs) =>
    lifecycle.diff(createResource(traits).resource, { state, oldInputs, news }, context);

  it("finds none between equal inputs, whatever is secret or generated", async () => {
    const olds = { a: makeSecret("x"), list: [1, { b: true }], __defaults: ["a"] };
    expect((await diff({}, olds, { a: "x", list: [1, { b: true }] })).changes).to.deep.equal([]);
  });

  it("names each by its path", async () => {
    const olds = { same: 1, gone: 1, deep: { list: ["a", "b"], "x.y": 1 } };
    const news = { same: 1, added: 1, deep: { list: ["a", "c", "d"], "x.y": 2 } };
    const { changes, properties } = await diff({}, olds, news);
    expect(changes.map(({ path, kind }) => `${kind} ${path}`)).to.have.members([
      "delete gone",
      "add added",
      "update deep.list[1]",
      "add deep.list[2]",
      'update deep["x.y"]',
    ]);
    expect(properties).to.have.members(["gone", "added", "deep"]);
  });

  it("replaces for the properties that say so, by name or by rule, and for all where nothing can be updated", async () => {
    const replaced = async (traits: Partial<Resource>) =>
      (await diff(traits, { a: 1, b: 1 }, { a: 2, b: 2 })).changes
        .filter(({ replace }) => replace)
        .map(({ path }) => path);
    expect(await replaced({ replaceOn: ["a"] })).to.deep.equal(["a"]);
    expect(await replaced({ replaceOn: ([name]) => name !== "a" })).to.deep.equal(["b"]);
    const byValue = async ([name]: Path, inputs: Props, state: Props) => Number(inputs[name]) + Number(state[name]) > 3;
    expect(await replaced({ replaceOn: byValue })).to.deep.equal([]);
    expect(await replaced({ update: undefined })).to.deep.equal(["a", "b"]);
    expect(await replaced({})).to.deep.equal([]);
  });

  it("takes a value not known yet for a change", async () => {
    const { changes } = await diff({ replaceOn: ["a"] }, { a: "x" }, { a: UNKNOWN });
    expect(changes).to.deep.equal([{ path: "a", kind: "update", replace: true, input: true }]);
  });

  it("compares assets by their content's hash alone", async () => {
    const asset = (hash: string, path: string) => ({
      "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
      hash,
      path,
    });
    expect((await diff({}, { a: asset("1", "/x") }, { a: asset("1", "/y") })).changes).to.deep.equal([]);
    expect((await diff({}, { a: asset("1", "/x") }, { a: asset("2", "/x") })).properties).to.deep.equal(["a"]);
  });

  it("deletes first where the replacement bears the same given name", async () => {
    const traits = { autoName: { property: "name", maxLength: 20 }, replaceOn: ["a"] };
    const before = async (olds: Props, news: Props) => (await diff(traits, olds, news)).deleteBeforeReplace;
    expect(await before({ name: "n", a: 1 }, { name: "n", a: 2 })).to.equal(true);
    expect(await before({ name: "n", a: 1 }, { name: "n", a: 2, __defaults: ["name"] })).to.equal(false);
    expect(await before({ name: "n", a: 1, b: 1 }, { name: "n", a: 1, b: 2 })).to.equal(false);
  });
});

describe("provider framework: previews and refreshes", () => {
  it("does nothing in the preview of a creation", async () => {
    const { resource, calls } = createResource();
    const inputs = { a: UNKNOWN, b: makeSecret("x") };
    expect(await lifecycle.create(resource, { inputs, preview: true }, context)).to.deep.equal({
      id: "",
      outputs: inputs,
    });
    expect(calls).to.deep.equal([]);
  });

  it("shows in the preview of an update what stays, and what is open", async () => {
    const { resource, calls } = createResource({ changedByUpdate: ["digest"] });
    const state = { a: 1, dropped: 1, made: "yes", digest: "old" };
    const request = { id: "i", state, oldInputs: { a: 1, dropped: 1 }, news: { a: 2 }, preview: true };
    expect(await lifecycle.update(resource, request, context)).to.deep.equal({ a: 2, made: "yes", digest: UNKNOWN });
    expect(calls).to.deep.equal([]);
    const dependent = createResource({
      changedByUpdate: (olds, news) => (olds.a === news.a ? [] : ["digest"]),
    }).resource;
    expect(await lifecycle.update(dependent, request, context)).to.include({ digest: UNKNOWN });
    expect(await lifecycle.update(dependent, { ...request, news: { a: 1 } }, context)).to.include({ digest: "old" });
  });

  it("reports what is gone by an empty id", async () => {
    const { resource } = createResource({ read: async () => undefined });
    const found = await lifecycle.read(resource, { id: "i", state: { a: 1 }, inputs: { a: 1 } }, context);
    expect(found.id).to.equal("");
  });

  it("lets the inputs follow what was found, so that drift shows as a change", async () => {
    const { resource } = createResource({ read: async (_id, state) => ({ ...state, tags: { a: "2" } }) });
    const inputs = { tags: { a: "1" }, password: makeSecret("p") };
    const found = await lifecycle.read(resource, { id: "i", state: { ...inputs, made: "yes" }, inputs }, context);
    expect(found.inputs).to.deep.equal({ tags: { a: "2" }, password: makeSecret("p") });
    expect(found.outputs).to.deep.equal({ tags: { a: "2" }, password: makeSecret("p"), made: "yes" });
    const { changes } = await lifecycle.diff(
      resource,
      { state: found.outputs, oldInputs: found.inputs, news: inputs },
      context,
    );
    expect(changes.map(({ path }) => path)).to.deep.equal(["tags.a"]);
  });
});
