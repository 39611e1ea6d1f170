"""The service against its own description, by generated requests: nothing that is not described."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

OPERATIONS = [
    *("POST /translate", "POST /detect", "GET /languages", "POST /suggest", "GET /frontend/settings"),
    *("POST /translate_file", "GET /download_file/{token}", "POST /v2/translate", "GET /v2/languages"),
    *("GET /v2/usage", "POST /api/v1/translate", "POST /api/v1/alternatives", "GET /api/v1/pairs"),
    *("GET /health", "GET /ready", "GET /spec", "POST /api/v1/inside/{view}"),
    "GET /api/v1/progress/{name}",
]
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def test_everything_is_described(site):
    tree = httpx.get(f"{site.url}/spec").json()
    described = [f"{method.upper()} {path}" for path, methods in tree["paths"].items() for method in methods]
    assert sorted(described) == sorted(OPERATIONS)
    for operation in OPERATIONS:
        method, path = operation.split()
        if method == "POST":
            assert tree["paths"][path]["post"]["requestBody"]["content"], path
    assert "://" not in str(tree["paths"]), "nothing is loaded from elsewhere"


@pytest.mark.parametrize("name", OPERATIONS)
def test_generated_requests(real, name):
    method, path = name.split()
    operation = schemathesis.openapi.from_url(f"{real.url}/spec")[path][method]

    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case):
        case.validate_response(case.call(timeout=60), checks=CHECKS)

    ask()
