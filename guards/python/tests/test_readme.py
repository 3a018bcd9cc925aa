"""The README's examples, as they are pasted."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import bearer

from latchkey_guard import Guard
from latchkey_guard.config import _OPTIONS

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = {match[1]: match[2] for match in re.finditer(r"```python\n# (\S+\.py)\n(.*?)```", README, re.DOTALL)}


def test_names_every_option():
    for name in inspect.signature(Guard.__init__).parameters:
        assert name == "self" or f"`{name}`" in README or f"{name}=" in README, name
    for name in _OPTIONS:
        assert f"`{name}`" in README, name


@pytest.fixture
def load(issuer, tmp_path, monkeypatch):
    """Imports a block, with the test's issuer in the place of the example's."""
    monkeypatch.setenv("CLIENT_ID", "testing")
    monkeypatch.setenv("CLIENT_SECRET", "testing")

    def load_block(name: str):
        file = tmp_path / name
        file.write_text(BLOCKS[name].replace("https://login.example.com", issuer.url))
        spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name.removesuffix(".py"), module)
        spec.loader.exec_module(module)
        return module

    return load_block


def behaves_as_a_guarded_api(client, issuer, delete: str | None = "/reports") -> None:
    def ask(path: str, token: str | None = None, method: str = "get"):
        answer = getattr(client, method)(path, headers={} if token is None else bearer(token))
        return answer.status_code

    reader = issuer.token("reports:read", "reports:write")
    assert ask("/reports") == 401
    assert ask("/reports", issuer.token()) == 403
    assert ask("/reports", reader) == 200
    assert (ask("/greeting"), ask("/greeting", reader), ask("/greeting", "x")) == (200, 200, 401)
    if delete:
        assert ask(delete, issuer.token("reports:write", age=301), "delete") == 401
        assert ask(delete, reader, "delete") == 204


def test_flask(load, issuer):
    behaves_as_a_guarded_api(load("flask_api.py").create_app().test_client(), issuer)


def test_fastapi(load, issuer):
    from starlette.testclient import TestClient

    with TestClient(load("fastapi_api.py").app) as client:
        behaves_as_a_guarded_api(client, issuer)


def test_starlette(load, issuer):
    from starlette.testclient import TestClient

    behaves_as_a_guarded_api(TestClient(load("starlette_api.py").app), issuer)


@pytest.mark.parametrize("name", ["django_views", "drf_views"])
def test_django(load, issuer, name):
    import test_django  # noqa: F401: configures Django
    from django.test import Client, override_settings

    load(f"{name}.py")
    with override_settings(ROOT_URLCONF=name, **issuer.config):
        behaves_as_a_guarded_api(Client(), issuer, "/reports/all" if name == "django_views" else None)


def test_second_factor(load, issuer):
    client = load("second_factor.py").app.test_client()
    scopes = ("reports:read", "reports:write")
    answer = client.delete("/reports", headers=bearer(issuer.token(*scopes)))
    challenge = answer.headers["WWW-Authenticate"]
    assert (answer.status_code, answer.json["code"]) == (401, "insufficient_user_authentication")
    assert 'acr_values="aal2", max_age="300"' in challenge
    proved = issuer.token(*scopes, second_factor=True)
    assert client.delete("/reports", headers=bearer(proved)).status_code == 204
    answer = client.get("/reports", headers=bearer(proved))
    assert (answer.json["methods"], answer.json["level"]) == (["pwd", "otp", "mfa"], "aal2")
    old = issuer.token(*scopes, second_factor=True, age=301)
    assert client.delete("/reports", headers=bearer(old)).status_code == 401


def test_in_tests(load, issuer):
    load("flask_api.py")
    load("test_api.py").test_reports()


def test_none_is_left_out():
    tried = {"flask_api.py", "fastapi_api.py", "starlette_api.py", "django_views.py", "drf_views.py", "second_factor.py", "test_api.py"}
    assert set(BLOCKS) == tried


def test_its_modules_load_nothing_of_frameworks_that_are_not_used():
    code = "import sys, latchkey_guard, latchkey_guard.testing; print([m for m in ('flask', 'starlette', 'django') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                             cwd=Path(__file__).parents[1] / "src").stdout
    assert printed == "[]\n"
