"""moto in server mode, behind a check of each request against AWS's own models, which botocore has.

What AWS would refuse is refused with the service's own code and in its protocol. A request with the header
`x-only-check` goes no further: one that passes is answered with 204.
"""

import sys

from moto.core import responses
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.server import main
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from constraints import Refusal, check_request
from references import check_references

setup_class = responses.BaseResponse.setup_class


def setup_checked(self, request, *args, **kwargs):
    """Each request of each service comes here first."""
    setup_class(self, request, *args, **kwargs)
    if self.boto3_service_name == "":  # moto's own API
        return
    try:
        check(self, request)
    except Refusal as refusal:
        status, headers, body = self.serialized(responses.ActionResult(refusal))
        raise HTTPException(response=Response(body, status, headers))
    if "x-only-check" in request.headers:
        raise HTTPException(response=Response(status=204))


def check(handler, request):
    service = get_service_model(handler.boto3_service_name)
    operation = service.operation_model(handler._get_action())
    parser = PROTOCOL_PARSERS[determine_request_protocol(service, request.content_type)](operation)
    parts = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": handler.uri_match,
    }
    try:
        parameters = parser.parse(parts)
    except (AttributeError, TypeError, ValueError) as error:
        raise Refusal("SerializationException", f"{operation.name} could not be read: {error}") from error
    check_request(service.service_name, operation, parameters)
    check_references(operation.name, parameters, handler.current_account, handler.region)


responses.BaseResponse.setup_class = setup_checked
# It would apply statements without their conditions; the front applies the policies of buckets.
FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL

if __name__ == "__main__":
    main(sys.argv[1:])
