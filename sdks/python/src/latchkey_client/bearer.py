"""Adds the access token to requests, and sends a request again if the token was refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import httpx

from .contract import Contract
from .failures import fields_of
from .tokens import Tokens

Current = Callable[[], Tokens | None]
Replacing = Callable[[str], Tokens | None]
AsyncCurrent = Callable[[], Awaitable[Tokens | None]]
AsyncReplacing = Callable[[str], Awaitable[Tokens | None]]

NO_TOKEN = httpx.Auth()
"""Sends a request as it is."""


class _BearerAuth(httpx.Auth):
    def __init__(self, base_url: str) -> None:
        self._contract = Contract(base_url)

    def applies_to(self, request: httpx.Request) -> bool:
        """Whether the operation takes a bearer token, and the request has no header of its own."""
        operation = self._contract.find(request)
        return operation is not None and operation.takes_token and "Authorization" not in request.headers


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
