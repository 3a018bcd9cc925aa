"""The client for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from .bearer import KEPT, NO_TOKEN, AsyncBearerAuth, AsyncExchange
from .client import AuthenticatedClient
from .contract import Contract
from .failures import LatchkeyError, SecondFactorRequired, UnexpectedResponseError, failure_of
from .groups import AsyncGroups
from .models.totp_code import TotpCode
from .tokens import TokenBox, Tokens


class _RaisingAsyncClient(httpx.AsyncClient):
    """Raises an exception if the service refuses, and if the response is not the service's."""

    contract: Contract

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        sending = super().send(request, **options)
        if self.contract.renews_tokens(request):
            # A canceled task stops waiting; the tokens that come are stored: those before them stop working.
            lasting = asyncio.create_task(sending)
            lasting.add_done_callback(_retrieve)
            response = await asyncio.shield(lasting)
        else:
            response = await sending
        if response.is_error:
            await response.aread()
            raise failure_of(response)
        if not self.contract.allows(response):
            await response.aread()
            raise UnexpectedResponseError(response)
        return response


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception of a task that none waits for any more; asyncio would log it otherwise."""
    if not task.cancelled():
        task.exception()


class AsyncLatchkey(AsyncGroups):
    """``Latchkey`` for asyncio: one event loop, any number of tasks.

    The operations are methods, by their tags: ``await latchkey.users.list()``. They raise ``LatchkeyError``
    if the service refuses, and ``httpx.TransportError`` without a response. Pass ``api`` to the generated
    functions: ``await get_me.asyncio(client=latchkey.api)``.
    """

    api: AuthenticatedClient

    def __init__(
        self,
        base_url: str,
        *,
        tokens: Tokens | None = None,
        on_change: Callable[[Tokens | None], None] | None = None,
        margin: float = 10,
        timeout: float = 30,
        clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make a client of the service at ``base_url``; the parameters are those of ``Latchkey``."""
        self._box = TokenBox(tokens, on_change, clock, margin)
        self._exchange = asyncio.Lock()  # held while the tokens change
        self._flight: asyncio.Task[Tokens | None] | None = None
        exchange = AsyncExchange(self._box, self._exchange, self._successor)
        self._http = _RaisingAsyncClient(
            base_url=base_url,
            timeout=timeout,
            transport=transport,
            auth=AsyncBearerAuth(base_url, self._current, self._replacing, exchange),
        )
        self._http.contract = Contract(base_url)
        self.api = AuthenticatedClient(base_url=base_url, token="").set_async_httpx_client(self._http)
        super().__init__(self.api)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the login; None if no user is logged in."""
        return self._box.tokens

    async def login(self, username: str, password: str, *, acr_values: Sequence[str] = ()) -> Tokens:
        """Begin a session, and store its tokens; raises like ``Latchkey.login``."""
        body = {"username": username, "password": password}
        if acr_values:
            body["acr_values"] = " ".join(acr_values)
        return await self._begin("/login", body)

    async def finish_login(self, required: SecondFactorRequired, code: str) -> Tokens:
        """Finish a login with a code, like ``Latchkey.finish_login``."""
        body = {"login_token": required.login_token, "code": "".join(code.split())}
        return await self._begin("/login/second-factor", body)

    async def login_with_passkey(
        self, credential: Mapping[str, Any], required: SecondFactorRequired | None = None
    ) -> Tokens:
        """Begin a session with what a passkey has signed, like ``Latchkey.login_with_passkey``."""
        body: dict[str, Any] = {"credential": dict(credential)}
        if required:
            body["login_token"] = required.login_token
        return await self._begin("/login/passkey", body)

    async def logout(self) -> None:
        """End the session, and delete its tokens, like ``Latchkey.logout``."""
        async with self._exchange:
            tokens = self._box.tokens
            if tokens:
                self._box.forget()
                await self._post("/logout", {"refresh_token": tokens.refresh_token})

    async def change_password(self, current_password: str, new_password: str) -> Tokens:
        """Set a new password, and store the new tokens, like ``Latchkey.change_password``."""
        body = {"current_password": current_password, "new_password": new_password}
        response = await self._http.put("/me/password", json=body)
        kept: Tokens = response.extensions[KEPT]
        return kept

    async def confirm_totp(self, code: str) -> list[str]:
        """Take an authenticator app into use, and store the new tokens, like ``Latchkey.confirm_totp``."""
        body = TotpCode("".join(code.split()))
        return (await self.own_account.confirm_totp(body=body)).recovery_codes

    async def close(self) -> None:
        """Close the connections. This does not end the session: ``logout`` does."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Close the connections at the end of the ``async with`` block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def _current(self) -> Tokens | None:
        """Return the tokens to send: new ones if the access token has expired or is about to."""
        tokens = self._box.tokens
        return await self._replacing(tokens.access_token) if tokens and self._box.is_stale(tokens) else tokens

    async def _replacing(self, access_token: str) -> Tokens | None:
        """Return the successors of a refused or stale access token; all callers wait for one refresh."""
        others = self._flight
        if others:
            tokens = await asyncio.shield(others)
            if tokens is None or tokens.access_token != access_token:
                return tokens
        if not self._flight:
            self._flight = asyncio.create_task(self._refresh(access_token))
            self._flight.add_done_callback(_retrieve)
        # A canceled task stops waiting; the refresh continues for the others.
        return await asyncio.shield(self._flight)

    async def _refresh(self, access_token: str) -> Tokens | None:
        try:
            async with self._exchange:
                return await self._successor(access_token)
        finally:
            self._flight = None

    async def _successor(self, access_token: str) -> Tokens | None:
        """Refresh, unless that has been done; ``_exchange`` is held."""
        tokens = self._box.tokens
        if tokens is None or (tokens.access_token != access_token and not self._box.is_stale(tokens)):
            return tokens
        try:
            response = await self._post("/refresh", {"refresh_token": tokens.refresh_token})
        except LatchkeyError as error:
            # 401: the session has ended. After any other error the tokens can be refreshed later.
            if error.status == httpx.codes.UNAUTHORIZED:
                self._box.forget()
            raise
        return self._box.keep(response.json(), tokens.login)

    async def _begin(self, path: str, body: Mapping[str, Any]) -> Tokens:
        """Store the tokens of a new login."""
        async with self._exchange:
            response = await self._post(path, body)
            return self._box.keep(response.json())

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return await self._http.post(path, json=body, auth=NO_TOKEN)
