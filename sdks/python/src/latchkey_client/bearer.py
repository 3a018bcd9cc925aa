"""Adds the access token to requests, and sends a request again if the token was refused."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import httpx

from ._operations import BEARER_OPERATIONS
from .failures import fields_of
from .tokens import Tokens

Current = Callable[[], Tokens | None]
Replacing = Callable[[str], Tokens | None]
AsyncCurrent = Callable[[], Awaitable[Tokens | None]]
AsyncReplacing = Callable[[str], Awaitable[Tokens | None]]

NO_TOKEN = httpx.Auth()
"""Sends a request as it is."""


def _pattern(template: str) -> str:
    return "".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^{}]*\})", template)
    )


_TAKES_BEARER = {
    method: re.compile("|".join(_pattern(path) for each, path in BEARER_OPERATIONS if each == method))
    for method in {method for method, _ in BEARER_OPERATIONS}
}


class _BearerAuth(httpx.Auth):
    def __init__(self, base_url: str) -> None:
        self._prefix = httpx.URL(base_url).path.rstrip("/")

    def applies_to(self, request: httpx.Request) -> bool:
        """Whether the operation takes a bearer token, and the request has no header of its own."""
        pattern = _TAKES_BEARER.get(request.method)
        path = request.url.path.removeprefix(self._prefix)
        return bool(pattern and pattern.fullmatch(path)) and "Authorization" not in request.headers


class BearerAuth(_BearerAuth):
    """For ``httpx.Client``."""

    def __init__(self, base_url: str, current: Current, replacing: Replacing) -> None:
        """``current`` gives the tokens to send, ``replacing`` those after an access token that is refused."""
        super().__init__(base_url)
        self._current = current
        self._replacing = replacing

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the access token, and once more with a new one if that is refused."""
        tokens = self._current() if self.applies_to(request) else None
        if tokens:
            _authorize(request, tokens)
        response = yield request
        if tokens and response.status_code == httpx.codes.UNAUTHORIZED:
            response.read()
            if _says_invalid_token(response):
                successor = self._replacing(tokens.access_token)
                if successor and successor.login == tokens.login:
                    _authorize(request, successor)
                    yield request


class AsyncBearerAuth(_BearerAuth):
    """For ``httpx.AsyncClient``."""

    def __init__(self, base_url: str, current: AsyncCurrent, replacing: AsyncReplacing) -> None:
        """``current`` gives the tokens to send, ``replacing`` those after an access token that is refused."""
        super().__init__(base_url)
        self._current = current
        self._replacing = replacing

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the access token, and once more with a new one if that is refused."""
        tokens = await self._current() if self.applies_to(request) else None
        if tokens:
            _authorize(request, tokens)
        response = yield request
        if tokens and response.status_code == httpx.codes.UNAUTHORIZED:
            await response.aread()
            if _says_invalid_token(response):
                successor = await self._replacing(tokens.access_token)
                if successor and successor.login == tokens.login:
                    _authorize(request, successor)
                    yield request


def _authorize(request: httpx.Request, tokens: Tokens) -> None:
    request.headers["Authorization"] = f"Bearer {tokens.access_token}"


def _says_invalid_token(response: httpx.Response) -> bool:
    return fields_of(response).get("code") == "invalid_token"
