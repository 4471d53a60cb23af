import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { expect } from "chai";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PartialFailure, type Package } from "../../../sandbox/providers/framework/definition";
import { serveProvider, type ProviderServer } from "../../../sandbox/providers/framework/server";
import { makeSecret, type Props } from "../../../sandbox/providers/framework/values";
import { rejection } from "./support";

const definition: Package = {
  name: "test",
  version: "1.2.3",
  resources: {
    "test:index:Thing": {
      async create(inputs, { config }) {
        if (inputs.fail) throw new Error("no luck", { cause: new Error("out of it") });
        if (inputs.half) throw new PartialFailure("half done", "half-1", { ...inputs, state: "broken" });
        return { id: "thing-1", outputs: { ...inputs, region: config.region } };
      },
      async delete() {},
    },
  },
  functions: {
    "test:index:config": async (_args, { config }) => config,
    "test:index:isCancelled": async (_args, { signal }) => ({ cancelled: signal.aborted }),
  },
  checkConfig: ({ region }) => (region === "nowhere" ? [{ property: "region", reason: "is nowhere" }] : []),
  async configure({ config }) {
    if (config.region === "away") throw new Error("nobody is there");
  },
};

describe("provider framework: gRPC server", () => {
  let server: ProviderServer;
  const lines: string[] = [];
  const clients: ResourceProviderClient[] = [];
  before(async () => {
    server = await serveProvider(definition, (line) => lines.push(line));
  });
  after(async () => {
    for (const client of clients) client.close();
    await server.close();
  });

  /** A connection of its own, as each provider of each engine has. */
  const connect = () => {
    const options = { "grpc.use_local_subchannel_pool": 1 };
    const client = new ResourceProviderClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure(), options);
    clients.push(client);
    return client;
  };
  const ask = <T>(start: (done: (error: grpc.ServiceError | null, answer: T) => void) => void) =>
    new Promise<T>((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
  const configure = (client: ResourceProviderClient, args: Props) => {
    const request = new proto.ConfigureRequest();
    request.setArgs(Struct.fromJavaScript(args));
    return ask((done) => client.configure(request, done));
  };
  const create = (client: ResourceProviderClient, properties: Props, type = "test:index:Thing") => {
    const request = new proto.CreateRequest();
    request.setUrn(`urn:pulumi:s::p::${type}::name`);
    request.setProperties(Struct.fromJavaScript(properties));
    return ask<proto.CreateResponse>((done) => client.create(request, done));
  };
  const call = async (client: ResourceProviderClient, name: string) => {
    const request = new proto.InvokeRequest();
    request.setTok(`test:index:${name}`);
    const response = await ask<proto.InvokeResponse>((done) => client.invoke(request, done));
    return response.getReturn()?.toJavaScript();
  };
  const readConfig = (client: ResourceProviderClient) => call(client, "config");

  it("keeps the configuration of each connection apart, and reads structured values and secrets in it", async () => {
    const [one, two] = [connect(), connect()];
    await configure(one, { region: "here", tags: '{"tags":{"a":"b"}}', token: makeSecret("t") });
    await configure(two, { region: "there" });
    expect(await readConfig(one)).to.deep.equal({ region: "here", tags: { tags: { a: "b" } }, token: "t" });
    expect(await readConfig(two)).to.deep.equal({ region: "there" });
  });

  it("takes an engine for a new one, whose predecessor has cancelled at its end, over a port that is used again", async () => {
    const client = connect();
    const shakeHands = () =>
      ask<proto.ProviderHandshakeResponse>((done) => client.handshake(new proto.ProviderHandshakeRequest(), done));
    const cancelled = () => call(client, "isCancelled");
    await shakeHands();
    await configure(client, { region: "here" });
    await ask((done) => client.cancel(new Empty(), done));
    expect(await cancelled()).to.deep.equal({ cancelled: true });
    await shakeHands();
    expect(await cancelled()).to.deep.equal({ cancelled: false });
    expect(await readConfig(client)).to.deep.equal({});
  });

  it("checks a configuration before it is used, and refuses one that does not work", async () => {
    const check = async (region: string) => {
      const request = new proto.CheckRequest();
      request.setNews(Struct.fromJavaScript({ region }));
      const response = await ask<proto.CheckResponse>((done) => connect().checkConfig(request, done));
      expect(response.getInputs()?.toJavaScript()).to.deep.equal({ region });
      return response.getFailuresList().map((failure) => failure.toObject());
    };
    expect(await check("here")).to.deep.equal([]);
    expect(await check("nowhere")).to.deep.equal([{ property: "region", reason: "is nowhere" }]);
    const error = (await rejection(configure(connect(), { region: "away" }))) as grpc.ServiceError;
    expect(error.details).to.equal("nobody is there");
  });

  it("creates with the connection's configuration", async () => {
    const client = connect();
    await configure(client, { region: "here" });
    const response = await create(client, { a: makeSecret(1) });
    expect(response.getId()).to.equal("thing-1");
    expect(response.getProperties()?.toJavaScript()).to.deep.equal({ a: makeSecret(1), region: "here" });
  });

  it("tells errors with their cause, and logs their first line", async () => {
    const error = (await rejection(create(connect(), { fail: true }))) as grpc.ServiceError;
    expect(error.details).to.equal("no luck: out of it");
    expect(lines).to.include("test: create failed: no luck: out of it");
  });

  it("names a type that it does not have", async () => {
    const error = (await rejection(create(connect(), {}, "test:index:Other"))) as grpc.ServiceError;
    expect(error.details).to.equal("the stand-in for package test has no resource type test:index:Other");
  });

  it("hands over what exists after a failure half-way", async () => {
    const error = (await rejection(create(connect(), { half: makeSecret(true) }))) as grpc.ServiceError;
    const status = Status.deserializeBinary(error.metadata.get("grpc-status-details-bin")[0] as Buffer);
    const [any] = status.getDetailsList();
    const detail = any.unpack(proto.ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
    expect(detail?.getId()).to.equal("half-1");
    expect(detail?.getReasonsList()).to.deep.equal(["half done"]);
    expect(detail?.getProperties()?.toJavaScript()).to.deep.equal({ half: makeSecret(true), state: "broken" });
  });
});
