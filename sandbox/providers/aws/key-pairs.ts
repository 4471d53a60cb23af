/** EC2 key pairs, made elsewhere and imported. */
import { DeleteKeyPairCommand, DescribeKeyPairsCommand, ImportKeyPairCommand } from "@aws-sdk/client-ec2";
import { accountId } from "../../config";
import type { Resource } from "../framework/definition";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, fromTagList } from "./common";
import { tagEc2, tagSpecification } from "./ec2-tags";

export function keyPairResources(clientsFor: ClientsFor): Record<string, Resource> {
  return { "aws:ec2/keyPair:KeyPair": keyPair(clientsFor) };
}

function keyPair(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "keyName", maxLength: 255, prefixProperty: "keyNamePrefix" },
      replaceOn: ["keyName", "keyNamePrefix", "publicKey", "region"],
      check(inputs) {
        const missing = inputs.publicKey === undefined;
        return { inputs, failures: missing ? [{ property: "publicKey", reason: "Missing required property" }] : [] };
      },
      async create(inputs, context) {
        const { ec2, region } = clientsFor(context, inputs);
        const name = inputs.keyName as string;
        const { KeyFingerprint = "", KeyPairId = "" } = await ec2.send(
          new ImportKeyPairCommand({
            KeyName: name,
            PublicKeyMaterial: Buffer.from(inputs.publicKey as string),
            TagSpecifications: tagSpecification("key-pair", inputs),
          }),
        );
        const arn = `arn:aws:ec2:${region}:${accountId}:key-pair/${name}`;
        return { id: name, outputs: { ...inputs, arn, fingerprint: KeyFingerprint, keyPairId: KeyPairId } };
      },
      async read(id, state, context) {
        const query = new DescribeKeyPairsCommand({ KeyNames: [id] });
        const found = await unlessGone(clientsFor(context, state).ec2.send(query), "InvalidKeyPair.NotFound");
        const key = found?.KeyPairs?.[0];
        return key && { ...state, tags: fromTagList(key.Tags) };
      },
      async update(_id, state, inputs, context) {
        await tagEc2(clientsFor(context, inputs).ec2, state.keyPairId as string, state, inputs);
        const { arn, fingerprint, keyPairId } = state;
        return { ...inputs, arn, fingerprint, keyPairId };
      },
      async delete(id, state, context) {
        const query = new DeleteKeyPairCommand({ KeyName: id });
        await unlessGone(clientsFor(context, state).ec2.send(query), "InvalidKeyPair.NotFound");
      },
    },
  );
}
