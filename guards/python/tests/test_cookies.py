"""Cookies as the real service sets them."""

from __future__ import annotations

import json
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from conftest import ADMIN, Service
from flask import Flask, jsonify

from latchkey_guard.flask import FlaskGuard


@pytest.fixture
def cookie_service(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Service, "settings", {"JWT_TOKEN_LOCATION": "headers,cookies", "JWT_COOKIE_DOMAIN": "example.com"})
    running = Service(tmp_path)
    yield running
    running.kill()


def test_of_a_login_at_the_service_are_accepted_with_their_csrf_value(cookie_service):
    reader = cookie_service.create_client("revocations:read", introspection_audiences=[cookie_service.url])
    data = json.dumps(ADMIN).encode()
    request = urllib.request.Request(
        f"{cookie_service.url}/login/cookies", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        csrf = json.loads(response.read())["access_csrf_token"]
        cookies = {
            name: morsel.value
            for line in response.headers.get_all("Set-Cookie")
            for name, morsel in SimpleCookie(line).items()
        }
    app = Flask(__name__)
    app.config.update(
        LATCHKEY_ISSUER=cookie_service.url,
        LATCHKEY_CLIENT_ID=reader["client_id"],
        LATCHKEY_CLIENT_SECRET=reader["client_secret"],
        # As the service has them.
        JWT_TOKEN_LOCATION="headers,cookies",
        JWT_COOKIE_DOMAIN="example.com",
    )
    latchkey = FlaskGuard(app)
    app.route("/", methods=["GET", "POST"])(latchkey.requires("users:read")(lambda: jsonify(latchkey.caller.username)))
    client = app.test_client(use_cookies=False)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    assert "__Secure-access_token_cookie" in cookies
    assert client.get("/", headers=cookie).json == "admin"
    assert client.post("/", headers=cookie).json["code"] == "csrf_failed"
    assert client.post("/", headers={**cookie, "X-CSRF-TOKEN": csrf}).json == "admin"
    latchkey.close()
