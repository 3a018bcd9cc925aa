"""The real service, as a process, and a client of it."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from latchkey_guard import Guard
from latchkey_guard.testing import TestIssuer

CHECKOUT = Path(__file__).parents[3]
NODE = os.environ.get("LATCHKEY_NODE") or shutil.which("node") or "node"
ADMIN = {"username": "admin", "password": "the admin of the tests"}


class Service:
    """An installation of its own, in a folder of its own, always on the same port."""

    #: Beside the usual ones.
    settings: dict[str, str] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        own = {key: value for key, value in os.environ.items() if not re.match("LATCHKEY_|JWT_|NODE_", key)}
        settings = {
            "PORT": str(self.port),
            "LATCHKEY_ADMIN_PASSWORD": ADMIN["password"],
            "LATCHKEY_PASSWORD_MEMORY_COST": "8",
            "LATCHKEY_PASSWORD_TIME_COST": "1",
            **self.settings,
        }
        command = [NODE, str(CHECKOUT / "bin/latchkey.js"), "start"]
        with open(self.folder / "log", "a") as log:
            # A group of its own: on an older Node the command runs the service in a process of its own.
            self.process = subprocess.Popen(
                command, cwd=self.folder, env={**own, **settings}, stdout=log, stderr=log, start_new_session=True
            )
        until(self.is_ready)

    def is_ready(self) -> bool:
        assert self.process and self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.call("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def call(self, method: str, path: str, body: object = None, token: str | None = None):
        """The status and the body of an answer."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        return self._send(urllib.request.Request(self.url + path, data, headers, method=method))

    def post_form(self, path: str, form: dict[str, str], client: dict[str, str]):
        basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return self._send(urllib.request.Request(self.url + path, urlencode(form).encode(), headers))

    def _send(self, request: urllib.request.Request):
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def good(self, *parameters, **others):
        """The body of an answer that must be one of success."""
        status, body = self.call(*parameters, **others)
        assert status < 300, body
        return body

    def login(self, **credentials: str) -> dict:
        return self.good("POST", "/login", credentials or ADMIN)

    def log_out(self, token: str) -> None:
        self.good("POST", "/logout", {}, token)

    def create_user(self, name: str, *roles: str) -> dict:
        body = {"username": name, "password": f"the password of {name}", "roles": list(roles)}
        return self.good("POST", "/users", body, self.login()["access_token"])

    def create_client(self, scope: str, **fields) -> dict:
        body = {"client_name": "A client", "scope": scope, **fields}
        return self.good("POST", "/clients", body, self.login()["access_token"])

    def client_token(self, client: dict) -> str:
        status, body = self.post_form("/oauth/token", {"grant_type": "client_credentials"}, client)
        assert status == 200, body
        return body["access_token"]


class Clocks:
    """The time of tokens, and the time of the feed and the keys: real, and moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.elapsed = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.elapsed


def until(is_so, within: float = 20) -> None:
    """Waits for what another thread or process brings."""
    end = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end, "It has not come."
        time.sleep(0.01)


@pytest.fixture(scope="session")
def service():
    with tempfile.TemporaryDirectory(prefix="latchkey-guard-") as folder:
        running = Service(Path(folder))
        yield running
        running.kill()


@pytest.fixture(scope="session")
def issuer():
    """A replacement of the service, for tests that are about the frameworks."""
    with TestIssuer() as issuer:
        yield issuer
        # Guards that outlive it would say so.
        logging.getLogger("latchkey_guard").setLevel(logging.CRITICAL)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def reader(service):
    """A client that may read the feed."""
    return service.create_client("revocations:read", introspection_audiences=[service.url])


@pytest.fixture
def options(service, reader):
    return {
        "issuer": service.url,
        "audience": service.url,
        "client_id": reader["client_id"],
        "client_secret": reader["client_secret"],
    }


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def make_guard(options, clocks):
    """Makes guards, which end with the test."""
    made = []

    def make(kind=Guard, *, start: bool = True, **others):
        guard = kind(**{"clock": clocks.now, "monotonic": clocks.monotonic, **options, **others})
        made.append(guard)
        if start:
            guard.start(timeout=20)
        return guard

    yield make
    for guard in made:
        guard.close()
