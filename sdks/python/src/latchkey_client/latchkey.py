"""The client for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self

import httpx

from .bearer import NO_TOKEN, BearerAuth
from .client import AuthenticatedClient
from .failures import LatchkeyError, failure_of
from .tokens import TokenBox, Tokens


class _RaisingClient(httpx.Client):
    """Raises what the service refuses."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        if response.is_error:
            response.read()
            raise failure_of(response)
        return response


class Latchkey:
    """A client that logs in, sends the access token with each request, and replaces it.

    It does so shortly before the token expires, and after a 401 that says it is void; the request is then
    sent once more. However many threads need the new token, one refresh happens.

    ``api`` is what the operations take: ``get_me.sync(client=latchkey.api)``. They raise what the service
    refuses as ``LatchkeyError``, and ``httpx.TransportError`` where nothing answers.
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a client of the service at ``base_url``.

        Args:
            base_url: such as ``https://auth.example.com``.
            tokens: those of an earlier login.
            on_change: called with the tokens whenever they change, and with None when they are forgotten;
                others wait meanwhile, and it must not call the client.
            margin: how many seconds before it expires an access token is replaced; half of its life at most.
            timeout: after how many seconds without an answer a request is given up.
            clock: the time in seconds since 1970.
            transport: what sends requests; httpx's own unless told otherwise.
        """
        self._box = TokenBox(tokens, on_change, clock, margin)
        self._exchange = threading.Lock()  # held while the tokens change
        self._guard = threading.Lock()  # of _flight; held for no longer than it takes to look
        self._flight: Future[Tokens | None] | None = None
        self._http = _RaisingClient(
            base_url=base_url,
            timeout=timeout,
            transport=transport,
            auth=BearerAuth(base_url, self._current, self._replacing),
        )
        self.api = AuthenticatedClient(base_url=base_url, token="").set_httpx_client(self._http)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the login; None where nobody is logged in."""
        return self._box.tokens

    def login(self, username: str, password: str) -> Tokens:
        """Begin a session, and keep its tokens.

        Raises:
            LatchkeyError: ``invalid_credentials``; ``too_many_attempts`` with ``retry_after``; ``busy``.
        """
        with self._exchange:
            return self._box.keep(self._post("/login", {"username": username, "password": password}).json())

    def logout(self) -> None:
        """End the session.

        The tokens are forgotten in any case. Where the service could not be told, this raises, and the
        session lives on at the service until its tokens expire.
        """
        with self._exchange:
            tokens = self._box.tokens
            if tokens:
                self._box.forget()
                self._post("/logout", {"refresh_token": tokens.refresh_token})

    def change_password(self, current_password: str, new_password: str) -> Tokens:
        """Choose a new password; the service ends the account's sessions, and gives this one new tokens.

        Raises:
            LatchkeyError: ``wrong_password``; ``validation_failed`` for a password that is too easy.
        """
        body = {"current_password": current_password, "new_password": new_password}
        with self._exchange:
            tokens = self._box.tokens
            if tokens and self._box.is_stale(tokens):
                tokens = self._successor(tokens.access_token)
            try:
                return self._put_password(body, tokens)
            except LatchkeyError as error:
                if not tokens or error.code != "invalid_token":
                    raise
            return self._put_password(body, self._successor(tokens.access_token))

    def close(self) -> None:
        """Close the connections. The session goes on: ``logout`` ends it."""
        self._http.close()

    def __enter__(self) -> Self:
        """Close the connections at the end of the ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def _current(self) -> Tokens | None:
        """Give the tokens to send now: new ones where the access token has expired or is about to."""
        tokens = self._box.tokens
        return self._replacing(tokens.access_token) if tokens and self._box.is_stale(tokens) else tokens

    def _replacing(self, access_token: str) -> Tokens | None:
        """Give the tokens after an access token that is of no use any more; all wait for one refresh."""
        while True:
            with self._guard:
                flight = self._flight
                if flight is None:
                    mine = self._flight = Future()
                    break
            try:
                tokens = flight.result()
            except CancelledError:  # the thread that was at it was interrupted
                continue
            if tokens is None or tokens.access_token != access_token:
                return tokens
        try:
            with self._exchange:
                tokens = self._successor(access_token)
        except Exception as error:
            self._land(mine).set_exception(error)
            raise
        except BaseException:
            self._land(mine).cancel()
            raise
        self._land(mine).set_result(tokens)
        return tokens

    def _land(self, flight: Future[Tokens | None]) -> Future[Tokens | None]:
        with self._guard:
            self._flight = None
        return flight

    def _successor(self, access_token: str) -> Tokens | None:
        """Refresh, unless that has been done; ``_exchange`` is held."""
        tokens = self._box.tokens
        if tokens is None or (tokens.access_token != access_token and not self._box.is_stale(tokens)):
            return tokens
        try:
            answer = self._post("/refresh", {"refresh_token": tokens.refresh_token})
        except LatchkeyError as error:
            # The session is over. Any other failure may pass, and the tokens are good for another try.
            if error.status == httpx.codes.UNAUTHORIZED:
                self._box.forget()
            raise
        return self._box.keep(answer.json(), tokens.login)

    def _post(self, path: str, body: dict[str, str]) -> httpx.Response:
        return self._http.post(path, json=body, auth=NO_TOKEN)

    def _put_password(self, body: dict[str, str], tokens: Tokens | None) -> Tokens:
        headers = {"Authorization": f"Bearer {tokens.access_token}"} if tokens else {}
        answer = self._http.put("/me/password", json=body, headers=headers, auth=NO_TOKEN)
        return self._box.keep(answer.json(), tokens.login if tokens else None)
