"""The client for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self

import httpx

from .bearer import KEPT, NO_TOKEN, BearerAuth, Exchange
from .client import AuthenticatedClient
from .contract import Contract
from .failures import LatchkeyError, SecondFactorRequired, UnexpectedResponseError, failure_of
from .groups import Groups
from .models.totp_code import TotpCode
from .tokens import TokenBox, Tokens


class _RaisingClient(httpx.Client):
    """Raises an exception if the service refuses, and if the response is not the service's."""

    contract: Contract

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        if response.is_error:
            response.read()
            raise failure_of(response)
        if not self.contract.allows(response):
            response.read()
            raise UnexpectedResponseError(response)
        return response


class Latchkey(Groups):
    """A client that logs in, sends the access token with each request, and refreshes it.

    It refreshes shortly before the token expires, and if the service refuses the token (401); the request is
    then sent again, once. However many threads need the new token, there is one refresh.

    The operations are methods, by their tags: ``latchkey.users.list()``. They raise ``LatchkeyError`` if the
    service refuses, and ``httpx.TransportError`` without a response. Pass ``api`` to the generated functions:
    ``get_me.sync(client=latchkey.api)``.
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
            tokens: the tokens of an earlier login.
            on_change: called with the tokens whenever they change, and with None when they are deleted;
                other threads wait meanwhile, and it must not call the client.
            margin: how many seconds before it expires an access token is replaced; at most half of its life.
            timeout: the timeout of a request in seconds.
            clock: the time in seconds since the Unix epoch.
            transport: sends requests; by default httpx's own.
        """
        self._box = TokenBox(tokens, on_change, clock, margin)
        self._exchange = threading.Lock()  # held while the tokens change
        self._guard = threading.Lock()  # of _flight; held for no longer than it takes to look
        self._flight: Future[Tokens | None] | None = None
        exchange = Exchange(self._box, self._exchange, self._successor)
        self._http = _RaisingClient(
            base_url=base_url,
            timeout=timeout,
            transport=transport,
            auth=BearerAuth(base_url, self._current, self._replacing, exchange),
        )
        self._http.contract = Contract(base_url)
        self.api = AuthenticatedClient(base_url=base_url, token="").set_httpx_client(self._http)
        super().__init__(self.api)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the login; None if no user is logged in."""
        return self._box.tokens

    def login(self, username: str, password: str, *, acr_values: Sequence[str] = ()) -> Tokens:
        """Begin a session, and store its tokens.

        Args:
            username: the user's name, or a verified address.
            password: the user's password.
            acr_values: the levels that the login must reach: those of ``StepUpRequired``.

        Raises:
            SecondFactorRequired: the password was right; ``finish_login`` takes this.
            LatchkeyError: ``invalid_credentials``; ``too_many_attempts`` with ``retry_after``; ``busy``.
        """
        body = {"username": username, "password": password}
        if acr_values:
            body["acr_values"] = " ".join(acr_values)
        return self._begin("/login", body)

    def finish_login(self, required: SecondFactorRequired, code: str) -> Tokens:
        """Finish a login with a code of the authenticator app, or a recovery code; spaces do not matter.

        Raises:
            LatchkeyError: ``wrong_second_factor``: another code may be right; ``invalid_login_token``: log in
                again.
        """
        body = {"login_token": required.login_token, "code": "".join(code.split())}
        return self._begin("/login/second-factor", body)

    def login_with_passkey(
        self, credential: Mapping[str, Any], required: SecondFactorRequired | None = None
    ) -> Tokens:
        """Begin a session with what a passkey has signed, alone or as the second step of a login.

        Args:
            credential: the JSON of a browser's ``PublicKeyCredential``, for the options that
                ``sessions.create_passkey_login_options`` has returned.
            required: with which the login failed whose second step this is.

        Raises:
            LatchkeyError: ``invalid_passkey``; as a second step ``wrong_second_factor``,
                ``invalid_login_token``.
        """
        body: dict[str, Any] = {"credential": dict(credential)}
        if required:
            body["login_token"] = required.login_token
        return self._begin("/login/passkey", body)

    def logout(self) -> None:
        """End the session.

        If the service cannot be reached, the tokens are deleted all the same, this raises, and the session
        exists at the service until its tokens expire.
        """
        with self._exchange:
            tokens = self._box.tokens
            if tokens:
                self._box.forget()
                self._post("/logout", {"refresh_token": tokens.refresh_token})

    def change_password(self, current_password: str, new_password: str) -> Tokens:
        """Set a new password; the service ends the account's other sessions, and returns new tokens.

        Raises:
            LatchkeyError: ``wrong_password``; ``validation_failed`` for a password that is not allowed.
        """
        body = {"current_password": current_password, "new_password": new_password}
        kept: Tokens = self._http.put("/me/password", json=body).extensions[KEPT]
        return kept

    def confirm_totp(self, code: str) -> list[str]:
        """Take the authenticator app into use that ``own_account.begin_totp`` has begun to set up.

        The session is one with a second factor from then on: its new tokens are stored.

        Args:
            code: what the app shows; spaces do not matter.

        Returns:
            The recovery codes, if this is the account's first second factor: the user sees them this once.

        Raises:
            LatchkeyError: ``wrong_second_factor``: another code may be right.
            StepUpRequired: the user has to log in again.
        """
        return self.own_account.confirm_totp(body=TotpCode("".join(code.split()))).recovery_codes

    def close(self) -> None:
        """Close the connections. This does not end the session: ``logout`` does."""
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
        """Return the tokens to send: new ones if the access token has expired or is about to."""
        tokens = self._box.tokens
        return self._replacing(tokens.access_token) if tokens and self._box.is_stale(tokens) else tokens

    def _replacing(self, access_token: str) -> Tokens | None:
        """Return the successors of a refused or stale access token; all callers wait for one refresh."""
        while True:
            with self._guard:
                flight = self._flight
                if flight is None:
                    mine = self._flight = Future()
                    break
            try:
                tokens = flight.result()
            except CancelledError:  # the refreshing thread was interrupted
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
            response = self._post("/refresh", {"refresh_token": tokens.refresh_token})
        except LatchkeyError as error:
            # 401: the session has ended. After any other error the tokens can be refreshed later.
            if error.status == httpx.codes.UNAUTHORIZED:
                self._box.forget()
            raise
        return self._box.keep(response.json(), tokens.login)

    def _begin(self, path: str, body: Mapping[str, Any]) -> Tokens:
        """Store the tokens of a new login."""
        with self._exchange:
            return self._box.keep(self._post(path, body).json())

    def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return self._http.post(path, json=body, auth=NO_TOKEN)
