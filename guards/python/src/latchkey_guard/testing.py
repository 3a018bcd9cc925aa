"""For the tests of an API: a replacement of the service, whose tokens guards accept.

    with TestIssuer() as issuer:
        app = create_app(issuer.config)
        token = issuer.token("reports:read", age=600)
        assert app.test_client().get("/reports", headers={"Authorization": f"Bearer {token}"}).status_code == 200
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

#: Time between two events of the feed, in seconds.
_HEARTBEAT = 1.0
_KEY_ID = "testing"


class TestIssuer:
    """A server on a free port of this machine, with a signing key of its own.

    :param audience: that of its tokens and of the guard's options; its URL by default.
    """

    #: Tells pytest that this is no class of tests.
    __test__ = False

    def __init__(self, *, audience: str | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._revoked: dict[str, int] = {}
        self._changed = threading.Condition()
        self._is_closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        #: Its URL, and the issuer of its tokens (``iss``).
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.audience = audience or self.url
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="latchkey-testing", daemon=True).start()

    @property
    def options(self) -> dict[str, Any]:
        """Options for ``Guard(**issuer.options)`` and the guards of the frameworks."""
        return {
            "issuer": self.url,
            "audience": self.audience,
            "client_id": "testing",
            "client_secret": "testing",
        }

    @property
    def config(self) -> dict[str, Any]:
        """The same for Flask's ``app.config`` and Django's settings."""
        return {
            "LATCHKEY_ISSUER": self.url,
            "LATCHKEY_AUDIENCE": self.audience,
            "LATCHKEY_CLIENT_ID": "testing",
            "LATCHKEY_CLIENT_SECRET": "testing",
        }

    def token(
        self,
        *permissions: str,
        subject: str = "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10",
        username: str = "test",
        roles: Sequence[str] = (),
        age: int = 0,
        lifetime: int = 900,
        fresh: bool = True,
        second_factor: bool = False,
        audience: str | Sequence[str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Issues an access token like that of a user's login.

        :param permissions: the token's permissions.
        :param age: how long ago it was issued and its user logged in, in seconds; if greater than ``lifetime``, it has
            expired.
        :param fresh: whether it is from a login rather than from a refresh.
        :param second_factor: whether the user logged in with one.
        :param claims: further claims, or replacements of the usual ones; None removes one.
        """
        now = int(time.time()) - age
        usual = {
            "iss": self.url,
            "sub": subject,
            "aud": audience or self.audience,
            "exp": now + lifetime,
            "iat": now,
            "nbf": now,
            "jti": str(uuid.uuid4()),
            "sid": str(uuid.uuid4()),
            "ver": 1,
            "client_id": self.url,
            "scope": " ".join(permissions),
            "roles": list(roles),
            "roles_ver": 1,
            "auth_time": now,
            "fresh": fresh,
            "amr": ["pwd", "otp", "mfa"] if second_factor else ["pwd"],
            "acr": "aal2" if second_factor else "aal1",
            "mfa_time": now if second_factor else None,
            "preferred_username": username,
            **(claims or {}),
        }
        payload = {name: value for name, value in usual.items() if value is not None}
        return jwt.encode(payload, self._key, "ES256", {"typ": "at+jwt", "kid": _KEY_ID})

    def revoke(self, token: str) -> None:
        """Revokes a token. Guards read that from the feed, and refuse the token a moment later."""
        claims = jwt.decode(token, options={"verify_signature": False})
        with self._changed:
            self._revoked[claims["jti"]] = claims["exp"]
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the server."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> TestIssuer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802: its name in the standard library
                if self.path == "/revocations/stream":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    issuer._stream(self)
                elif self.path == "/.well-known/jwks.json":
                    self._send({"keys": [issuer._public_key()]})
                elif self.path == "/.well-known/oauth-authorization-server":
                    self._send(issuer._metadata())
                else:
                    self.send_error(404)

            def do_POST(self) -> None:  # noqa: N802
                form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
                if self.path == "/oauth/token":
                    self._send({"access_token": "testing", "token_type": "Bearer", "expires_in": 900})
                elif self.path == "/oauth/introspect":
                    self._send({"active": issuer._is_live(form.get("token", [""])[0])})
                else:
                    self.send_error(404)

            def _send(self, body: object) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _stream(self, handler: BaseHTTPRequestHandler) -> None:
        known: set[str] = set()
        while True:
            with self._changed:
                new = {jti: exp for jti, exp in self._revoked.items() if jti not in known}
                if self._is_closed:
                    return
            try:
                handler.wfile.write(_event(new))
            except OSError:  # the guard has gone
                return
            known.update(new)
            with self._changed:
                if self._revoked.keys() == known and not self._is_closed:
                    self._changed.wait(_HEARTBEAT)

    def _public_key(self) -> dict[str, Any]:
        jwk: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**jwk, "kid": _KEY_ID, "alg": "ES256", "use": "sig"}

    def _metadata(self) -> dict[str, str]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "token_endpoint": f"{self.url}/oauth/token",
            "introspection_endpoint": f"{self.url}/oauth/introspect",
        }

    def _is_live(self, token: str) -> bool:
        try:
            return jwt.decode(token, options={"verify_signature": False})["jti"] not in self._revoked
        except jwt.InvalidTokenError:
            return False


def _event(revoked: Mapping[str, int]) -> bytes:
    """Formats an event of the feed with ids of tokens and their expiration."""
    items = [
        {"kind": "token", "id": jti, "expires_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(exp))}
        for jti, exp in revoked.items()
    ]
    return f"data: {json.dumps({'items': items, 'complete': True})}\n\n".encode()
