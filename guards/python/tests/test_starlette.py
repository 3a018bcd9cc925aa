from typing import Annotated

import pytest
from conftest import until
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from latchkey_guard import Caller
from latchkey_guard.starlette import StarletteGuard


@pytest.fixture
def starlette(make_guard):
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
    return TestClient(Starlette(routes=routes))


@pytest.fixture
def fastapi(make_guard):
    latchkey = make_guard(StarletteGuard)
    app = FastAPI()
    latchkey.init_app(app)

    @app.get("/any")
    @latchkey.requires()
    async def anything(request: Request, more: int = 0) -> dict[str, object]:
        return {"caller": latchkey.caller(request).subject}

    @app.get("/users")
    async def users(caller: Annotated[Caller, Depends(latchkey.caller_with("users:read"))]) -> dict[str, str]:
        return {"caller": caller.subject}

    @app.get("/unguarded")
    async def unguarded(request: Request) -> dict[str, str]:
        return {"caller": latchkey.caller(request).subject}

    return TestClient(app)


@pytest.fixture(params=["starlette", "fastapi"])
def client(request):
    return request.getfixturevalue(request.param)


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
