/** What roles are allowed, by inline policies. */
import { DeleteRolePolicyCommand, GetRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Resource } from "../framework/definition";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource } from "./common";

const GONE = ["NoSuchEntityException", "NoSuchEntity"];

export function iamPolicyResources(clientsFor: ClientsFor): Record<string, Resource> {
  const rolePolicy = awsResource(
    clientsFor,
    { global: true, json: ["policy"] },
    {
      autoName: { property: "name", maxLength: 128, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "role"],
      async create(inputs, context) {
        await clientsFor(context, inputs).iam.send(
          new PutRolePolicyCommand({
            RoleName: inputs.role as string,
            PolicyName: inputs.name as string,
            PolicyDocument: inputs.policy as string,
          }),
        );
        return { id: `${inputs.role}:${inputs.name}`, outputs: inputs };
      },
      async read(_id, state, context) {
        const query = { RoleName: state.role as string, PolicyName: state.name as string };
        const found = await unlessGone(clientsFor(context, state).iam.send(new GetRolePolicyCommand(query)), ...GONE);
        return found && state;
      },
      async update(_id, _state, inputs, context) {
        await clientsFor(context, inputs).iam.send(
          new PutRolePolicyCommand({
            RoleName: inputs.role as string,
            PolicyName: inputs.name as string,
            PolicyDocument: inputs.policy as string,
          }),
        );
        return inputs;
      },
      async delete(_id, state, context) {
        const query = { RoleName: state.role as string, PolicyName: state.name as string };
        await unlessGone(clientsFor(context, state).iam.send(new DeleteRolePolicyCommand(query)), ...GONE);
      },
    },
  );

  return {
    "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  };
}
