import threading
from typing import Annotated

import pytest
from conftest import bearer
from fastapi import Depends, FastAPI, Security
from fastapi.responses import JSONResponse
from starlette.testclient import TestClient

from latchkey_guard.fastapi import Caller, FastAPIGuard


@pytest.fixture
def latchkey(issuer):
    guard = FastAPIGuard(**issuer.options)
    yield guard
    guard.close()


@pytest.fixture
def app(latchkey):
    app = FastAPI()

    @app.get("/any")
    def anything(caller: Annotated[Caller, Depends(latchkey.requires())]) -> str:
        return caller.subject

    @app.get("/reports")
    async def reports(caller: Annotated[Caller, Depends(latchkey.requires("reports:read"))]) -> str:
        return caller.subject

    @app.get("/scopes")
    async def scopes(caller: Annotated[Caller, Security(latchkey.requires(), scopes=["reports:read"])]) -> str:
        return caller.subject

    @app.get("/greeting")
    async def greet(caller: Annotated[Caller | None, Depends(latchkey.requires(optional=True))]) -> str | None:
        return caller.subject if caller else None

    @app.get("/checked")
    async def checked() -> str:
        return latchkey.check("Bearer x").subject

    return app


@pytest.fixture
def client(app, latchkey):
    latchkey.init_app(app)
    return TestClient(app)


def test_lets_through_and_knows_who_calls(issuer, client):
    token = issuer.token("reports:read", subject="ada")
    for path in ("/any", "/reports", "/scopes", "/greeting"):
        answer = client.get(path, headers=bearer(token))
        assert (answer.status_code, answer.json()) == (200, "ada")


def test_answers_with_problem_json(issuer, client):
    for path in ("/any", "/reports", "/scopes"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
        assert answer.json()["type"] == f"{issuer.url}/problems/authentication_required"
        assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="latchkey"'
    for path in ("/reports", "/scopes"):
        answer = client.get(path, headers=bearer(issuer.token()))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
        assert 'scope="reports:read"' in answer.headers["WWW-Authenticate"]
    assert client.get("/checked").json()["code"] == "invalid_token"


def test_lets_requests_without_a_token_through_where_it_is_optional(issuer, client):
    assert client.get("/greeting").json() is None
    assert client.get("/greeting", headers=bearer("x")).status_code == 401


def test_answers_in_fastapi_s_own_form_without_init_app(app):
    answer = TestClient(app).get("/any")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="latchkey"')
    assert "Send an access token" in answer.json()["detail"]


def test_leaves_a_handler_of_the_app_s_own_its_place(app, latchkey):
    latchkey.init_app(app)

    @app.exception_handler(401)
    async def own(request, error):
        return JSONResponse({"own": error.refusal.code}, 401)

    assert TestClient(app).get("/any").json() == {"own": "authentication_required"}


def test_has_the_security_scheme_in_fastapi_s_own_document(client):
    document = client.get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert "bearer" in document["paths"]["/reports"]["get"]["security"][0]
    assert "security" not in document["paths"]["/checked"]["get"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"JWT_HEADER_NAME": "X-Token"}, {"type": "apiKey", "in": "header", "name": "X-Token"}),
        (
            {"JWT_TOKEN_LOCATION": "cookies"},
            {"type": "apiKey", "in": "cookie", "name": "__Host-access_token_cookie"},
        ),
        ({"JWT_TOKEN_LOCATION": "query_string"}, {"type": "apiKey", "in": "query", "name": "jwt"}),
    ],
)
def test_says_in_the_document_where_the_token_comes_from(issuer, settings, expected):
    latchkey = FastAPIGuard(**issuer.options, settings=settings)
    app = FastAPI()

    @app.get("/")
    def anything(caller: Annotated[Caller, Depends(latchkey.requires())]) -> str:
        return caller.subject

    scheme = app.openapi()["components"]["securitySchemes"]["bearer"]
    assert {name: scheme[name] for name in expected} == expected


def test_says_at_once_what_to_write_where_the_brackets_are_missing(latchkey):
    app = FastAPI()
    with pytest.raises(TypeError, match=r"write Depends\(latchkey\.requires\("):

        @app.get("/")
        def anything(caller: Annotated[Caller, Depends(latchkey.requires)]) -> str:
            return caller.subject

    with pytest.raises(TypeError, match=r"write Depends\(latchkey\.requires\("):
        app.get("/listed", dependencies=[Depends(latchkey.requires)])(lambda: "")
    assert [route.path for route in app.routes if route.path in ("/", "/listed")] == []


def test_says_what_to_write_where_it_stands_above_an_operation_as_a_decorator(latchkey):
    app = FastAPI()
    with pytest.raises(TypeError) as caught:

        @app.get("/")
        @latchkey.requires("reports:read", "mfa:300", optional=True)
        def list_reports() -> str:
            return ""

    written = 'latchkey.requires("reports:read", "mfa:300", optional=True)'
    assert "is a dependency in FastAPI, and no decorator of" in str(caught.value)
    assert "list_reports" in str(caught.value)
    assert f"caller: Annotated[Caller, Depends({written})]" in str(caught.value)
    assert f"@app.get(..., dependencies=[Depends({written})])" in str(caught.value)
    with pytest.raises(TypeError, match=r"Depends\(latchkey\.requires\(\)\)"):
        latchkey.requires()(app)


def test_is_checked_on_the_event_loop_and_not_in_a_thread(issuer, latchkey):
    threads = []
    original = latchkey.check_incoming

    async def recorded(*arguments, **options):
        threads.append(threading.get_ident())
        return await original(*arguments, **options)

    latchkey.check_incoming = recorded
    app = FastAPI()

    @app.get("/")
    async def anything(caller: Annotated[Caller, Depends(latchkey.requires())]) -> int:
        return threading.get_ident()

    answer = TestClient(app).get("/", headers=bearer(issuer.token()))
    assert [answer.json()] == threads
