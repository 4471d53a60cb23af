/** What roles are allowed: inline policies and attached managed ones. */
import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
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

  const rolePolicyAttachment = awsResource(
    clientsFor,
    { global: true },
    {
      async create(inputs, context) {
        const RoleName = inputs.role as string;
        const PolicyArn = inputs.policyArn as string;
        await clientsFor(context, inputs).iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
        return { id: `${RoleName}/${PolicyArn}`, outputs: inputs };
      },
      async read(_id, state, context) {
        const query = new ListAttachedRolePoliciesCommand({ RoleName: state.role as string });
        const found = await unlessGone(clientsFor(context, state).iam.send(query), ...GONE);
        return found?.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === state.policyArn) ? state : undefined;
      },
      async delete(_id, state, context) {
        const query = { RoleName: state.role as string, PolicyArn: state.policyArn as string };
        await unlessGone(clientsFor(context, state).iam.send(new DetachRolePolicyCommand(query)), ...GONE);
      },
    },
  );

  return {
    "aws:iam/rolePolicy:RolePolicy": rolePolicy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachment,
  };
}
