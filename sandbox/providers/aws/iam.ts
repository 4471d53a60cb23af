/** IAM roles and instance profiles. */
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  PutRolePermissionsBoundaryCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  TagRoleCommand,
  UntagInstanceProfileCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import type { Resource } from "../framework/definition";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList, tagList, updateTags, type Tags } from "./common";

const GONE = ["NoSuchEntityException", "NoSuchEntity"];
const pairs = (tags: Tags) => tagList({ tags });

export function iamResources(clientsFor: ClientsFor): Record<string, Resource> {
  const role = awsResource(
    clientsFor,
    { global: true, tagged: true, json: ["assumeRolePolicy"] },
    {
      autoName: { property: "name", maxLength: 64, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "path"],
      async create(inputs, context) {
        const { iam } = clientsFor(context, inputs);
        const { Role } = await iam.send(
          new CreateRoleCommand({
            RoleName: inputs.name as string,
            AssumeRolePolicyDocument: inputs.assumeRolePolicy as string,
            Description: inputs.description as string | undefined,
            Path: inputs.path as string | undefined,
            PermissionsBoundary: inputs.permissionsBoundary as string | undefined,
            MaxSessionDuration: inputs.maxSessionDuration as number | undefined,
            Tags: tagList(inputs),
          }),
        );
        const name = inputs.name as string;
        return { id: name, outputs: { ...inputs, arn: Role?.Arn ?? "", uniqueId: Role?.RoleId ?? "" } };
      },
      async read(id, state, context) {
        const { iam } = clientsFor(context, state);
        const found = await unlessGone(iam.send(new GetRoleCommand({ RoleName: id })), ...GONE);
        if (!found?.Role) return undefined;
        const { Arn = "", RoleId = "", Path = "/", Tags } = found.Role;
        return { ...state, name: id, arn: Arn, uniqueId: RoleId, path: Path, tags: fromTagList(Tags) };
      },
      async update(id, state, inputs, context) {
        const { iam } = clientsFor(context, inputs);
        const RoleName = id;
        if (changed(state, inputs, "assumeRolePolicy")) {
          const PolicyDocument = inputs.assumeRolePolicy as string;
          await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
        }
        if (changed(state, inputs, "description") || changed(state, inputs, "maxSessionDuration")) {
          const MaxSessionDuration = inputs.maxSessionDuration as number | undefined;
          const Description = (inputs.description ?? "") as string;
          await iam.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }));
        }
        if (changed(state, inputs, "permissionsBoundary")) {
          const PermissionsBoundary = inputs.permissionsBoundary as string | undefined;
          await (PermissionsBoundary
            ? iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }))
            : iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })));
        }
        await updateTags(state, inputs, {
          remove: (TagKeys) => iam.send(new UntagRoleCommand({ RoleName, TagKeys })),
          set: (tags) => iam.send(new TagRoleCommand({ RoleName, Tags: pairs(tags) })),
        });
        return { ...inputs, arn: state.arn, uniqueId: state.uniqueId };
      },
      async delete(id, state, context) {
        const { iam } = clientsFor(context, state);
        await unlessGone(iam.send(new DeleteRoleCommand({ RoleName: id })), ...GONE);
      },
    },
  );

  const instanceProfile = awsResource(
    clientsFor,
    { global: true, tagged: true },
    {
      autoName: { property: "name", maxLength: 128, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "path"],
      async create(inputs, context) {
        const { iam } = clientsFor(context, inputs);
        const InstanceProfileName = inputs.name as string;
        const { InstanceProfile } = await iam.send(
          new CreateInstanceProfileCommand({
            InstanceProfileName,
            Path: inputs.path as string | undefined,
            Tags: tagList(inputs),
          }),
        );
        if (inputs.role) {
          await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: inputs.role as string }));
        }
        const { Arn = "", InstanceProfileId = "" } = InstanceProfile ?? {};
        return { id: InstanceProfileName, outputs: { ...inputs, arn: Arn, uniqueId: InstanceProfileId } };
      },
      async read(id, state, context) {
        const { iam } = clientsFor(context, state);
        const found = await unlessGone(iam.send(new GetInstanceProfileCommand({ InstanceProfileName: id })), ...GONE);
        if (!found?.InstanceProfile) return undefined;
        const { Roles, Tags } = found.InstanceProfile;
        return { ...state, role: Roles?.[0]?.RoleName ?? "", tags: fromTagList(Tags) };
      },
      async update(id, state, inputs, context) {
        const { iam } = clientsFor(context, inputs);
        const InstanceProfileName = id;
        if (changed(state, inputs, "role")) {
          const olds = { InstanceProfileName, RoleName: state.role as string };
          if (state.role) await unlessGone(iam.send(new RemoveRoleFromInstanceProfileCommand(olds)), ...GONE);
          const news = { InstanceProfileName, RoleName: inputs.role as string };
          if (inputs.role) await iam.send(new AddRoleToInstanceProfileCommand(news));
        }
        await updateTags(state, inputs, {
          remove: (TagKeys) => iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys })),
          set: (tags) => iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags: pairs(tags) })),
        });
        return { ...inputs, arn: state.arn, uniqueId: state.uniqueId };
      },
      async delete(id, state, context) {
        const { iam } = clientsFor(context, state);
        const query = { InstanceProfileName: id, RoleName: state.role as string };
        if (state.role) await unlessGone(iam.send(new RemoveRoleFromInstanceProfileCommand(query)), ...GONE);
        await unlessGone(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: id })), ...GONE);
      },
    },
  );

  return {
    "aws:iam/role:Role": role,
    "aws:iam/instanceProfile:InstanceProfile": instanceProfile,
  };
}
