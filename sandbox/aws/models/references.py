"""What services refuse since what a request names is not there, or not in that place, where moto would take it."""

import json

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.iam.models import iam_backends

from constraints import Refusal


def check_references(name, parameters, account, region):
    if name in DOCUMENTS:
        check_principals(*DOCUMENTS[name], parameters, iam_backends[account]["aws"])
    ec2 = ec2_backends[account][region]
    if name == "RunInstances":
        subnet = parameters.get("SubnetId") or parameters.get("NetworkInterfaces", [{}])[0].get("SubnetId")
        check_zone(parameters.get("InstanceType"), subnet, ec2)
    if name == "StartInstances":
        for instance in ec2.all_instances():
            if instance.id in parameters.get("InstanceIds", []):
                check_zone(instance.instance_type, instance.subnet_id, ec2)


# The parameter with the policy, and what its service calls a policy that it does not take.
DOCUMENTS = {
    "CreateRole": ("AssumeRolePolicyDocument", "MalformedPolicyDocument"),
    "UpdateAssumeRolePolicy": ("PolicyDocument", "MalformedPolicyDocument"),
    "PutBucketPolicy": ("Policy", "MalformedPolicy"),
}


def check_principals(parameter, code, parameters, iam):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""
    there = {one.arn for one in [*iam.get_roles(), *iam.users.values()]}
    try:
        statements = json.loads(parameters[parameter])["Statement"]
    except (KeyError, TypeError, ValueError):
        return  # moto says what is wrong
    for statement in statements if isinstance(statements, list) else [statements]:
        if parameter == "Policy" and not statement.keys() & {"Resource", "NotResource"}:
            raise Refusal(code, "Missing required field Resource")
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            if arn.startswith("arn:aws:iam:") and not arn.endswith(":root") and arn not in there:
                raise Refusal(code, f'Invalid principal in policy: "AWS":"{arn}"')


def check_zone(instance_type, subnet, ec2):
    """Not every zone has every instance type; what is there is AWS's own list, which moto brings."""
    zone = next((zone for zone, subnets in ec2.subnets.items() if subnet in subnets), None)
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"][ec2.region_name]
    zones = sorted(offer["Location"] for offer in offers if offer["InstanceType"] == instance_type)
    if zone is not None and instance_type is not None and zone not in zones:
        raise Refusal(
            "Unsupported",
            f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
            f"({zone}). Please retry your request by not specifying an Availability Zone or choosing "
            f"{', '.join(zones)}.",
        )
