/** What roles are allowed, by inline policies. */
import { DeleteRolePolicyCommand, GetRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Context, Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource } from "./common";

const GONE = ["NoSuchEntityException", "NoSuchEntity"];

const named = ({ role, name }: Props) => ({ RoleName: role as string, PolicyName: name as string });

export function iamPolicyResources(clientsFor: ClientsFor): Record<string, Resource> {
  const put = (inputs: Props, context: Context) =>
    clientsFor(context, inputs).iam.send(
      new PutRolePolicyCommand({ ...named(inputs), PolicyDocument: inputs.policy as string }),
    );
  const rolePolicy = awsResource(
    clientsFor,
    { global: true, json: ["policy"] },
    {
      autoName: { property: "name", maxLength: 128, prefixProperty: "namePrefix" },
      replaceOn: ["name", "namePrefix", "role"],
      async create(inputs, context) {
        await put(inputs, context);
        return { id: `${inputs.role}:${inputs.name}`, outputs: inputs };
      },
      async read(_id, state, context) {
        const query = new GetRolePolicyCommand(named(state));
        return (await unlessGone(clientsFor(context, state).iam.send(query), ...GONE)) && state;
      },
      async update(_id, _state, inputs, context) {
        await put(inputs, context);
        return inputs;
      },
      async delete(_id, state, context) {
        const query = new DeleteRolePolicyCommand(named(state));
        await unlessGone(clientsFor(context, state).iam.send(query), ...GONE);
      },
    },
  );
  return { "aws:iam/rolePolicy:RolePolicy": rolePolicy };
}
