"""The service that the tests call, and transports that record requests."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import struct
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

from latchkey_client import AsyncLatchkey, Latchkey
from latchkey_client.api.roles import put_role
from latchkey_client.models import CreateUserRequest, PutRoleRequest


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise RuntimeError(f'{name} is not set. Run the tests by "npm run test:sdks -- python".')
    return value


URL = _setting("LATCHKEY_URL")
ADMINISTRATOR = (_setting("LATCHKEY_ADMIN_USERNAME"), _setting("LATCHKEY_ADMIN_PASSWORD"))
READER = (_setting("LATCHKEY_READER_USERNAME"), _setting("LATCHKEY_READER_PASSWORD"))
USER_PASSWORD = _setting("LATCHKEY_USER_PASSWORD")
FACTOR_USER = (_setting("LATCHKEY_FACTOR_USERNAME"), _setting("LATCHKEY_FACTOR_PASSWORD"))
RECOVERY_CODES = _setting("LATCHKEY_RECOVERY_CODES").split()
"""In the place of codes of an authenticator app; each works once."""


def user(number: int) -> tuple[str, str]:
    """Return the credentials of a sample user; each test has its own."""
    return (f"user-{number:02}", USER_PASSWORD)


class Watched(httpx.HTTPTransport):
    """Sends and records requests."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=None))
        self.sent: list[str] = []
        self.fails_at: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        self.answered: dict[str, threading.Event] = {}
        """Responses that are held back until the event is set."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        self.sent.append(what)
        if what in self.fails_at:
            raise httpx.ConnectError("no network")
        if what in self.held:
            assert self.held[what].wait(10)
        response = super().handle_request(request)
        if response.is_success and what in self.answered:
            assert self.answered[what].wait(10)
        return response


class AsyncWatched(httpx.AsyncHTTPTransport):
    """Sends and records requests."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=None))
        self.sent: list[str] = []
        self.fails_at: set[str] = set()
        self.answered: dict[str, asyncio.Event] = {}
        """Responses that are held back until the event is set."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        self.sent.append(what)
        if what in self.fails_at:
            raise httpx.ConnectError("no network")
        response = await super().handle_async_request(request)
        if response.is_success and what in self.answered:
            await self.answered[what].wait()
        return response


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@contextmanager
def logged_in(credentials: tuple[str, str], **settings: Any) -> Iterator[tuple[Latchkey, Watched]]:
    watched = Watched()
    with Latchkey(URL, transport=watched, **settings) as latchkey:
        latchkey.login(*credentials)
        yield latchkey, watched


@asynccontextmanager
async def async_logged_in(
    credentials: tuple[str, str], **settings: Any
) -> AsyncIterator[tuple[AsyncLatchkey, AsyncWatched]]:
    watched = AsyncWatched()
    async with AsyncLatchkey(URL, transport=watched, **settings) as latchkey:
        await latchkey.login(*credentials)
        yield latchkey, watched


class NewUser:
    """A user of a role of their own; second factors stay with those who add them."""

    def __init__(self, name: str) -> None:
        self.credentials = (f"python-{name}", "a password for the tests")
        self.permit("factors:read")
        with logged_in(ADMINISTRATOR) as (latchkey, _):
            username, password = self.credentials
            latchkey.users.create(
                body=CreateUserRequest(username=username, password=password, roles=[username])
            )

    def permit(self, *permissions: str) -> None:
        """Change what the role permits, which revokes the access tokens."""
        with logged_in(ADMINISTRATOR) as (latchkey, _):
            latchkey.roles.put(self.credentials[0], body=PutRoleRequest(permissions=list(permissions)))


def totp(secret: str) -> str:
    """Return the code that an authenticator app shows now (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    (number,) = struct.unpack_from(">L", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


_revision = 0


def revoke_access_tokens() -> None:
    """Revoke the access tokens of all sample users, by a change of their role's permissions."""
    global _revision  # noqa: PLW0603
    _revision += 1
    with logged_in(ADMINISTRATOR) as (latchkey, _):
        body = PutRoleRequest(permissions=["samples:read", f"samples:python.{_revision}"])
        put_role.sync("sample", client=latchkey.api, body=body)
