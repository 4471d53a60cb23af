"""Whether the parameters of a request are what the model of its operation states: required, min, max, pattern, enum.

EC2's model states characters and lengths in the prose of its documentation only, which is read here. What neither
states stands in rules.py.
"""

import functools
import html
import re

import regex
from moto.core.exceptions import ServiceException

from rules import RULES, check_tags

# What services answer; the others say ValidationException, and ValidationError in the query protocol.
CODES = {
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "s3": "InvalidArgument",
    "s3control": "InvalidArgument",
}

# Patterns that are wrong, since AWS takes what its own SDKs send: buckets' ARNs have no region.
WRONG_PATTERNS = {("s3control", "S3ResourceArn")}


class Refusal(ServiceException):
    """Of a class outside of moto's packages, since moto looks for the service of an error in its module's name."""


def check_request(service, operation, parameters):
    """Raises Refusal with all that is wrong, as AWS does."""
    problems = []
    if operation.input_shape is not None:
        walk(service, operation.input_shape, parameters, "", problems)
    if not problems:
        return
    protocol = operation.service_model.protocol
    code = CODES.get(service, "ValidationError" if protocol == "query" else "ValidationException")
    if service == "ec2":
        path, value, constraint = problems[0]
        if value is None:
            raise Refusal("MissingParameter", f"The request must contain the parameter {path}")
        raise Refusal(code, f"Value ({value}) for parameter {path} is invalid. {constraint}")
    told = "; ".join(
        f"Value {'null' if value is None else repr(value)} at '{path}' failed to satisfy constraint: {constraint}"
        for path, value, constraint in problems
    )
    number = len(problems)
    raise Refusal(code, f"{number} validation error{'s' if number > 1 else ''} detected: {told}")


def walk(service, shape, value, path, problems):
    """Adds (path, value, constraint) for each value below this one that breaks a constraint."""
    kind = shape.type_name
    if kind in ("list", "map"):
        problems += outside(shape, len(value), "length", value, path)
        problems += [(path, value, said) for said in check_tags(service, shape, value)]
    if kind == "structure" and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                problems.append((below(service, path, name), None, "Member must not be null"))
        for name, member in shape.members.items():
            if value.get(name) is not None:
                walk(service, member, value[name], below(service, path, name), problems)
                holds, said = RULES.get((service, shape.name, name), (None, None))
                if holds and not holds(value[name]):
                    problems.append((below(service, path, name), value[name], f"Member must be {said}"))
    elif kind == "list":
        for index, item in enumerate(value, 1):
            walk(service, shape.member, item, f"{path}.{index}", problems)
    elif kind == "map":
        for key, item in value.items():
            walk(service, shape.key, key, f"{path}.key", problems)
            walk(service, shape.value, item, f"{path}.{key}", problems)
    elif kind == "string":
        check_text(service, shape, value, path, problems)
    elif kind in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        problems += outside(shape, value, "value", value, path)


def check_text(service, shape, value, path, problems):
    if not isinstance(value, str):
        raise Refusal("SerializationException", f"{type(value).__name__} cannot be a string, at '{path}'")
    problems += outside(shape, len(value), "length", value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and (service, shape.name) not in WRONG_PATTERNS and not compiled(pattern).fullmatch(value):
        problems.append((path, value, f"Member must satisfy regular expression pattern: {pattern}"))
    if shape.enum and value not in shape.enum:
        values = ", ".join(shape.enum[:20]) + (", …" if len(shape.enum) > 20 else "")
        problems.append((path, value, f"Member must satisfy enum value set: [{values}]"))
    if service == "ec2":
        problems += [(path, value, constraint) for holds, constraint in prose(shape.documentation) if not holds(value)]


def outside(shape, number, what, value, path):
    """Where a number, or the length of what is no number, is not between the bounds."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and number < low:
        yield path, value, f"Member must have {what} greater than or equal to {low}"
    if high is not None and number > high:
        yield path, value, f"Member must have {what} less than or equal to {high}"


def below(service, path, name):
    """As AWS writes paths: tags.1.key, and in EC2 TagSpecifications.1.Tags.1.Key."""
    own = name if service == "ec2" else name[0].lower() + name[1:]
    return f"{path}.{own}" if path else own


@functools.cache
def compiled(pattern):
    return regex.compile(pattern, regex.DOTALL)


@functools.cache
def prose(documentation):
    """The constraints that a documentation states, as (test, text)."""
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", documentation or ""))).strip()
    found = []
    length = re.search(r"(?:[Uu]p to|maximum of|Maximum) (\d+) (?:ASCII |Unicode )?characters", text)
    if length:
        found.append((lambda value: len(value) <= int(length[1]), length[0]))
    characters = re.search(r"(?:Valid|Allowed) characters(?: are|:) a-z, A-Z, 0-9, spaces, and (\S+)$", text)
    if characters:
        valid = re.compile(f"[a-zA-Z0-9 {re.escape(characters[1])}]*")
        found.append((lambda value: valid.fullmatch(value) is not None, characters[0]))
    beginning = re.search(r"(?:Can't start|May not begin) with ([a-z]+[-:])", text)
    if beginning:
        found.append((lambda value: not value.lower().startswith(beginning[1]), beginning[0]))
    return found
