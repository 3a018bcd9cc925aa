import pytest
from conftest import bearer, until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from latchkey_guard.starlette import StarletteGuard


@pytest.fixture
def client(make_guard):
    latchkey = make_guard(StarletteGuard)

    @latchkey.requires()
    async def anything(request: Request) -> JSONResponse:
        return JSONResponse({"caller": latchkey.caller(request).subject})

    @latchkey.requires("users:read")
    def users(request: Request) -> JSONResponse:
        return JSONResponse({"caller": latchkey.caller(request).subject})

    async def unguarded(request: Request) -> JSONResponse:
        return JSONResponse({"caller": latchkey.caller(request).subject})

    routes = [Route("/any", anything), Route("/users", users), Route("/unguarded", unguarded)]
    app = Starlette(routes=routes)
    latchkey.init_app(app)
    return TestClient(app)


def test_lets_through_and_knows_who_calls(service, client):
    token = service.login()["access_token"]
    me = service.good("GET", "/me", token=token)
    for path in ("/any", "/users", "/users"):
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()) == (200, {"caller": me["id"]})


def test_answers_as_the_service_does(service, client):
    for path in ("/any", "/users"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="latchkey"'
        assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
        assert answer.json()["code"] == "authentication_required"
    name = f"user of {type(client.app).__name__}"
    service.create_user(name)
    token = service.login(username=name, password=f"the password of {name}")["access_token"]
    answer = client.get("/users", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_refuses_after_a_logout(service, client):
    token = service.login()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/any", headers=headers).status_code == 200
    service.log_out(token)
    until(lambda: client.get("/any", headers=headers).status_code == 401)


def test_says_where_a_guard_is_missing(client, make_guard):
    with pytest.raises(RuntimeError, match="@requires"):
        client.get("/unguarded")
    with pytest.raises(TypeError, match="parameter request"):
        make_guard(StarletteGuard, start=False).requires()(lambda: None)


def test_lets_requests_without_a_token_through_where_it_is_optional(issuer):
    latchkey = StarletteGuard(**issuer.options)

    @latchkey.requires("reports:read", optional=True)
    async def greet(request: Request) -> JSONResponse:
        caller = latchkey.caller_if_present(request)
        return JSONResponse(caller.subject if caller else None)

    app = Starlette(routes=[Route("/", greet, methods=["GET", "OPTIONS"])])
    latchkey.init_app(app)
    client = TestClient(app)
    assert client.get("/").json() is None
    assert client.get("/", headers={"Authorization": "Basic YTpi"}).json() is None
    assert client.get("/", headers=bearer(issuer.token("reports:read", subject="ada"))).json() == "ada"
    assert client.get("/", headers=bearer("x")).status_code == 401
    assert client.get("/", headers=bearer(issuer.token())).status_code == 403
    latchkey.close()


def test_takes_the_app_s_own_handlers_and_forms_of_errors(issuer):
    latchkey = StarletteGuard(**issuer.options)

    @latchkey.requires()
    async def anything(request: Request) -> JSONResponse:
        return JSONResponse({})

    def own(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"own": error.refusal.code}, 401)

    app = Starlette(routes=[Route("/", anything)])
    plain = TestClient(app).get("/")
    assert (plain.status_code, plain.headers["WWW-Authenticate"]) == (401, 'Bearer realm="latchkey"')
    assert plain.headers["Content-Type"].startswith("text/plain")
    app = Starlette(routes=[Route("/", anything)], exception_handlers={401: own})
    latchkey.init_app(app)
    assert TestClient(app).get("/").json() == {"own": "authentication_required"}
    latchkey.close()


def test_needs_no_token_for_a_preflight(issuer):
    latchkey = StarletteGuard(**issuer.options)

    @latchkey.requires()
    async def anything(request: Request) -> JSONResponse:
        return JSONResponse(request.method)

    client = TestClient(Starlette(routes=[Route("/", anything, methods=["GET", "OPTIONS"])]))
    assert client.options("/").json() == "OPTIONS"
    assert client.get("/").status_code == 401
    latchkey.close()


def test_takes_a_header_that_comes_twice_for_a_list(issuer):
    latchkey = StarletteGuard(**issuer.options)

    @latchkey.requires()
    async def anything(request: Request) -> JSONResponse:
        return JSONResponse({})

    client = TestClient(Starlette(routes=[Route("/", anything)]))
    token = issuer.token()
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert client.get("/", headers=twice).status_code == 401
    latchkey.close()
