/** The calls that concern one resource, between the protocol's messages and the steps of its life. */
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PartialFailure, type CheckFailure, type Context, type Package, type Resource } from "./definition";
import type { Change } from "./diff";
import { describe, InitializationFailure } from "./errors";
import * as lifecycle from "./lifecycle";
import type { Session } from "./sessions";
import { unwrapSecrets, type Props } from "./values";

interface ResourceRequest {
  getUrn(): string;
  getName(): string;
  getType(): string;
}

export const toProps = (struct: Struct | undefined): Props => (struct?.toJavaScript() ?? {}) as Props;
export const toStruct = (props: Props): Struct => Struct.fromJavaScript(props);
export function toFailure({ property, reason }: CheckFailure): proto.CheckFailure {
  const failure = new proto.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}
const toOptionalProps = (struct: Struct | undefined): Props | undefined => struct && toProps(struct);

/** Handlers by the protocol's method names. */
export function resourceService(definition: Package) {
  const find = (request: ResourceRequest): Resource => {
    // Older engines send the URN only; its third part ends in the resource's own type.
    const type = request.getType() || (request.getUrn().split("::")[2]?.split("$").pop() ?? "");
    const resource = definition.resources[type];
    if (!resource) throw new Error(`the stand-in for package ${definition.name} has no resource type ${type}`);
    return resource;
  };
  return {
    async check(request: proto.CheckRequest, session: Session) {
      const { inputs, failures } = await lifecycle.check(
        find(request),
        {
          news: toProps(request.getNews()),
          olds: toOptionalProps(request.getOlds()),
          randomSeed: request.getRandomseed_asU8(),
        },
        contextOf(request, session),
      );
      const response = new proto.CheckResponse();
      response.setInputs(toStruct(inputs));
      response.setFailuresList(failures.map(toFailure));
      return response;
    },

    async diff(request: proto.DiffRequest, session: Session) {
      const result = await lifecycle.diff(
        find(request),
        {
          state: toProps(request.getOlds()),
          oldInputs: toOptionalProps(request.getOldInputs()),
          news: toProps(request.getNews()),
          // A refresh leaves it to the provider what the program ignores.
          ignored: request.getIgnorechangesList(),
        },
        contextOf(request, session),
      );
      return diffResponse(result);
    },

    async create(request: proto.CreateRequest, session: Session) {
      const resource = find(request);
      const inputs = toProps(request.getProperties());
      const { id, outputs } = await keepingPartial(resource, inputs, () =>
        lifecycle.create(resource, { inputs, preview: request.getPreview() }, contextOf(request, session)),
      );
      const response = new proto.CreateResponse();
      response.setId(id);
      response.setProperties(toStruct(outputs));
      return response;
    },

    async read(request: proto.ReadRequest, session: Session) {
      const found = await lifecycle.read(
        find(request),
        {
          id: request.getId(),
          state: toProps(request.getProperties()),
          inputs: toOptionalProps(request.getInputs()),
        },
        contextOf(request, session),
      );
      const response = new proto.ReadResponse();
      response.setId(found.id);
      if (!found.id) return response;
      response.setProperties(toStruct(found.outputs));
      response.setInputs(toStruct(found.inputs));
      return response;
    },

    async update(request: proto.UpdateRequest, session: Session) {
      const resource = find(request);
      const news = toProps(request.getNews());
      const outputs = await keepingPartial(resource, news, () =>
        lifecycle.update(
          resource,
          {
            id: request.getId(),
            state: toProps(request.getOlds()),
            oldInputs: toOptionalProps(request.getOldInputs()),
            news,
            preview: request.getPreview(),
          },
          contextOf(request, session),
        ),
      );
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(outputs));
      return response;
    },

    async delete(request: proto.DeleteRequest, session: Session) {
      const state = toProps(request.getProperties());
      await lifecycle.remove(find(request), { id: request.getId(), state }, contextOf(request, session));
      return new Empty();
    },
  };
}

function contextOf(request: ResourceRequest, session: Session): Context {
  return {
    config: session.config,
    log: session.logFor(request.getUrn()),
    signal: session.signal,
    environment: () => session.environment(),
    urn: request.getUrn(),
    name: request.getName() || request.getUrn().split("::").slice(3).join("::"),
  };
}

async function keepingPartial<T>(resource: Resource, inputs: Props, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    const outputs = lifecycle.mark(resource, error.outputs, unwrapSecrets(inputs).secrets);
    throw new InitializationFailure(describe(error), error.id, outputs, inputs);
  }
}

const kinds: Record<Change["kind"], [proto.PropertyDiff.Kind, proto.PropertyDiff.Kind]> = {
  add: [proto.PropertyDiff.Kind.ADD, proto.PropertyDiff.Kind.ADD_REPLACE],
  update: [proto.PropertyDiff.Kind.UPDATE, proto.PropertyDiff.Kind.UPDATE_REPLACE],
  delete: [proto.PropertyDiff.Kind.DELETE, proto.PropertyDiff.Kind.DELETE_REPLACE],
};

export function diffResponse(diff: lifecycle.Diff): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(diff.changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(diff.properties);
  response.setReplacesList(diff.changes.filter(({ replace }) => replace).map(({ path }) => path));
  response.setDeletebeforereplace(diff.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const { path, kind, replace, input } of diff.changes) {
    const property = new proto.PropertyDiff();
    property.setKind(kinds[kind][replace ? 1 : 0]);
    property.setInputdiff(input);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}
