"""Adds the access token to requests, and sends a request again if the token was refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass

import httpx

from .contract import Contract, Operation
from .failures import fields_of
from .tokens import TokenBox, Tokens

Current = Callable[[], Tokens | None]
Replacing = Callable[[str], Tokens | None]
AsyncCurrent = Callable[[], Awaitable[Tokens | None]]
AsyncReplacing = Callable[[str], Awaitable[Tokens | None]]

NO_TOKEN = httpx.Auth()
"""Sends a request as it is."""

KEPT = "latchkey_tokens"
"""The extension of a response that has the tokens that came with it, as they are stored."""


class _BearerAuth(httpx.Auth):
    def __init__(self, base_url: str) -> None:
        self._contract = Contract(base_url)

    def operation_of(self, request: httpx.Request) -> Operation | None:
        """Return the operation, if it takes a bearer token and the request has no header of its own."""
        operation = self._contract.find(request)
        applies = operation and operation.takes_token and "Authorization" not in request.headers
        return operation if applies else None

    def is_exchange(self, request: httpx.Request) -> bool:
        """Whether the response will have the next tokens of the session."""
        operation = self.operation_of(request)
        return operation is not None and operation.renews_tokens


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an operation needs that gives the session its next tokens.

    Attributes:
        box: stores them.
        lock: held while they change. A refresh meanwhile would present a refresh token that has just stopped
            working.
        successor: refreshes an access token, while ``lock`` is held.
    """

    box: TokenBox
    lock: threading.Lock
    successor: Replacing


class BearerAuth(_BearerAuth):
    """For ``httpx.Client``."""

    def __init__(self, base_url: str, current: Current, replacing: Replacing, exchange: Exchange) -> None:
        """``current`` gives the tokens to send, ``replacing`` those after an access token that is refused."""
        super().__init__(base_url)
        self._current = current
        self._replacing = replacing
        self._exchange = exchange

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the access token, and once more with a new one if that is refused."""
        return self._exchanging(request) if self.is_exchange(request) else self._authorizing(request)

    def _authorizing(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        tokens = self._current() if self.operation_of(request) else None
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

    def _exchanging(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        exchange = self._exchange
        with exchange.lock:
            tokens = exchange.box.tokens
            if tokens and exchange.box.is_stale(tokens):
                tokens = exchange.successor(tokens.access_token)
            if tokens:
                _authorize(request, tokens)
            response = yield request
            response.read()
            if tokens and _says_invalid_token(response):
                tokens = exchange.successor(tokens.access_token)
                if tokens:
                    _authorize(request, tokens)
                    response = yield request
                    response.read()
            _keep(exchange.box, response, tokens)


@dataclass(frozen=True, slots=True)
class AsyncExchange:
    """``Exchange`` for asyncio."""

    box: TokenBox
    lock: asyncio.Lock
    successor: AsyncReplacing


class AsyncBearerAuth(_BearerAuth):
    """For ``httpx.AsyncClient``."""

    def __init__(
        self, base_url: str, current: AsyncCurrent, replacing: AsyncReplacing, exchange: AsyncExchange
    ) -> None:
        """``current`` gives the tokens to send, ``replacing`` those after an access token that is refused."""
        super().__init__(base_url)
        self._current = current
        self._replacing = replacing
        self._exchange = exchange

    def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the access token, and once more with a new one if that is refused."""
        return self._exchanging(request) if self.is_exchange(request) else self._authorizing(request)

    async def _authorizing(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        tokens = await self._current() if self.operation_of(request) else None
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

    async def _exchanging(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        exchange = self._exchange
        async with exchange.lock:
            tokens = exchange.box.tokens
            if tokens and exchange.box.is_stale(tokens):
                tokens = await exchange.successor(tokens.access_token)
            if tokens:
                _authorize(request, tokens)
            response = yield request
            await response.aread()
            if tokens and _says_invalid_token(response):
                tokens = await exchange.successor(tokens.access_token)
                if tokens:
                    _authorize(request, tokens)
                    response = yield request
                    await response.aread()
            _keep(exchange.box, response, tokens)


def _authorize(request: httpx.Request, tokens: Tokens) -> None:
    request.headers["Authorization"] = f"Bearer {tokens.access_token}"


def _says_invalid_token(response: httpx.Response) -> bool:
    return fields_of(response).get("code") == "invalid_token"


def _keep(box: TokenBox, response: httpx.Response, tokens: Tokens | None) -> None:
    """Store the tokens that a response has, which are those of the same login as ``tokens``."""
    fields = fields_of(response)
    token_set = fields.get("tokens", fields)
    # Where the access token was in a cookie, there are none.
    if tokens and response.is_success and "refresh_token" in token_set:
        response.extensions[KEPT] = box.keep(token_set, tokens.login)
