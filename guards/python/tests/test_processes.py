"""Forked processes: a guard starts in each of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from conftest import until

APP = '''
import os
from flask import Flask
from latchkey_guard.flask import FlaskGuard

latchkey = FlaskGuard(
    issuer=os.environ["ISSUER"],
    audience=os.environ["ISSUER"],
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    when_stale="refuse",  # so that it is the feed alone that lets a request through
)
app = Flask(__name__)

@app.get("/")
@latchkey.requires()
def worker():
    return {"pid": os.getpid()}
'''


def test_a_guard_works_in_a_forked_process(service, make_guard):
    guard = make_guard(when_stale="refuse")
    token = service.login()["access_token"]
    guard.check(f"Bearer {token}")
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            guard.start(timeout=20)
            subject = guard.check(f"Bearer {token}").subject
            service.log_out(token)
            until(lambda: _is_refused(guard, token))
            os.write(writable, subject.encode())
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        assert pipe.read() == service.good("GET", "/me", token=service.login()["access_token"])["id"]
    os.waitpid(child, 0)
    until(lambda: _is_refused(guard, token))


def _is_refused(guard, token: str) -> bool:
    from latchkey_guard import Refusal

    try:
        guard.check(f"Bearer {token}")
    except Refusal:
        return True
    return False


def test_every_worker_of_gunicorn_refuses_after_a_logout(service, options, tmp_path):
    (tmp_path / "api.py").write_text(APP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        "ISSUER": options["issuer"],
        "CLIENT_ID": options["client_id"],
        "CLIENT_SECRET": options["client_secret"],
    }
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}", "api:app"]
    with open(tmp_path / "log", "w") as log:
        gunicorn = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        token = service.login()["access_token"]

        def ask() -> tuple[int, int | None]:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    return response.status, json.load(response)["pid"]
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, None
            except OSError:
                assert gunicorn.poll() is None, (tmp_path / "log").read_text()
                return 0, None

        workers = set()

        def both_have_answered() -> bool:
            workers.add(ask()[1])
            return len(workers - {None}) == 2

        until(both_have_answered)
        service.log_out(token)
        until(lambda: ask()[0] == 401)
        until(lambda: all(ask()[0] == 401 for _ in range(20)))
    finally:
        gunicorn.send_signal(signal.SIGTERM)
        gunicorn.wait(20)
