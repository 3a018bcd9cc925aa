from __future__ import annotations

import pytest
from conftest import until
from flask import Flask

from latchkey_guard.flask import FlaskGuard


@pytest.fixture
def client(make_guard):
    latchkey = make_guard(FlaskGuard)
    app = Flask(__name__)

    @app.get("/any")
    @latchkey.requires()
    def anything():
        return {"caller": latchkey.caller.subject}

    @app.get("/users/<name>")
    @latchkey.requires("users:read")
    def user(name: str):
        return {"name": name, "caller": latchkey.caller.subject}, 202

    @app.get("/unguarded")
    def unguarded():
        return {"caller": latchkey.caller.subject}

    app.config["TESTING"] = True
    return app.test_client()


def test_lets_through_and_knows_who_calls(service, client):
    token = service.login()["access_token"]
    me = service.good("GET", "/me", token=token)
    answer = client.get("/users/ada", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json) == (202, {"name": "ada", "caller": me["id"]})


def test_answers_as_the_service_does(service, client):
    answer = client.get("/any")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="latchkey"'
    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert answer.json["code"] == "authentication_required"
    service.create_user("flask")
    token = service.login(username="flask", password="the password of flask")["access_token"]
    answer = client.get("/users/ada", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")


def test_refuses_after_a_logout(service, client):
    token = service.login()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/any", headers=headers).status_code == 200
    service.log_out(token)
    until(lambda: client.get("/any", headers=headers).status_code == 401)


def test_says_where_a_guard_is_missing(client):
    with pytest.raises(RuntimeError, match="@requires"):
        client.get("/unguarded")


def test_takes_no_demand_that_means_nothing(make_guard):
    latchkey = make_guard(FlaskGuard, start=False)
    for demand in ("fresh:soon", "users:read users:write", ""):
        with pytest.raises(ValueError, match="is no demand"):
            latchkey.requires(demand)
