import { expect } from "chai";
import { plain, type Registered } from "./support/deploy";
import { run } from "./support/program";
import { variants } from "./support/variants";

interface NameRule {
  /** The input that holds the physical name. */
  property: string;
  pattern: RegExp;
}

/** EC2 takes these in names and descriptions of groups and in descriptions of rules, fewer than 256 of them. */
const ec2Text = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/;
const iamName = (longest: number): NameRule => ({
  property: "name",
  pattern: new RegExp(`^[\\w+=,.@-]{1,${longest}}$`),
});

/** What each service takes as a name, as its API reference says. Null: AWS or another resource names it. */
const nameRules: Record<string, NameRule | null> = {
  "aws:cloudwatch/dashboard:Dashboard": { property: "dashboardName", pattern: /^[A-Za-z0-9_-]{1,255}$/ },
  "aws:cloudwatch/logGroup:LogGroup": { property: "name", pattern: /^[.\-_/#A-Za-z0-9]{1,512}$/ },
  "aws:cloudwatch/metricAlarm:MetricAlarm": { property: "name", pattern: /^[\x20-\x7e]{1,255}$/ },
  "aws:ec2/instance:Instance": null,
  "aws:ec2/keyPair:KeyPair": { property: "keyName", pattern: /^[\x20-\x7e]{1,255}$/ },
  "aws:ec2/securityGroup:SecurityGroup": { property: "name", pattern: ec2Text },
  "aws:ecs/cluster:Cluster": { property: "name", pattern: /^[A-Za-z0-9_-]{1,255}$/ },
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": null,
  "aws:ecs/taskDefinition:TaskDefinition": { property: "family", pattern: /^[A-Za-z0-9_-]{1,255}$/ },
  "aws:iam/instanceProfile:InstanceProfile": iamName(128),
  "aws:iam/role:Role": iamName(64),
  "aws:iam/rolePolicy:RolePolicy": iamName(128),
  "aws:s3/bucket:Bucket": { property: "bucket", pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/ },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": null,
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": null,
  "aws:s3/bucketPolicy:BucketPolicy": null,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": null,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": null,
  "aws:sns/topic:Topic": { property: "name", pattern: /^[A-Za-z0-9_-]{1,256}$/ },
  "aws:sns/topicSubscription:TopicSubscription": null,
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": null,
  "aws:ec2/eip:Eip": null,
  "aws:ec2/eipAssociation:EipAssociation": null,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": null,
  "awsx:ecr:Image": null,
  "awsx:ecr:Repository": { property: "name", pattern: /^[a-z0-9]+([._/-][a-z0-9]+)*$/ },
};

/** The name as the provider generates it where the program gives none: the logical name and seven random digits. */
function physicalName({ name, inputs }: Registered, { property }: NameRule): string {
  return (inputs[property] as string | undefined) ?? `${name}-1a2b3c4`;
}

/** Tags, and what is compared byte by byte in metrics. */
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

describe("what AWS reads of", () => {
  for (const [what, settings, stack] of variants) {
    describe(what, () => {
      let resources: Registered[];
      before(async () => {
        const deployment = await run(settings, { stack });
        expect(deployment.errors).to.deep.equal([]);
        resources = deployment.resources.filter(({ type }) => /^awsx?:/.test(type));
      });

      it("is a description that EC2 takes", () => {
        const described = resources.filter(({ type }) => /^aws:(ec2|vpc)\/securityGroup/.test(type));
        expect(described.length).to.be.greaterThan(5);
        for (const { name, inputs } of described) expect(inputs.description, name).to.match(ec2Text);
      });

      it("is an alarm's text that CloudWatch takes", () => {
        for (const { name, inputs } of resources.filter(({ type }) => type.endsWith(":MetricAlarm"))) {
          expect(inputs.alarmDescription, name).to.match(/^[\x20-\x7e]{1,1024}$/);
        }
      });

      it("is a name that its service takes", () => {
        for (const resource of resources) {
          expect(nameRules, "types whose names are checked").to.have.property(resource.type);
          const rule = nameRules[resource.type];
          if (rule) expect(physicalName(resource, rule), resource.urn).to.match(rule.pattern);
        }
      });

      it("are tags that every service takes", () => {
        for (const { urn, inputs } of resources) {
          for (const pair of Object.entries(plain<Record<string, string>>(inputs.tags ?? {}))) {
            for (const text of pair) expect(text, urn).to.match(tagText);
          }
        }
      });
    });
  }
});
