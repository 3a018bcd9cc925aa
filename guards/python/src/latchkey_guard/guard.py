"""The guard, which checks each request."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from .claims import Caller
from .demands import check_demands, demand_of
from .feed import Feed
from .keys import KeySet
from .locations import IncomingRequest, TokenLocations
from .refusal import Refusal
from .revoked import Revoked
from .service import Service, ServiceError
from .tokens import AccessTokens
from .tracing import Tracing

_URL = re.compile(r"https?://[^?#\s]+")
_WAYS = ("introspect", "refuse", "accept")
#: The time after a failure during which the service is not asked again, in seconds.
_PAUSE = 1.0
#: Maximum number of cached responses of the service.
_REMEMBERED = 10_000


class Guard:
    """Checks Latchkey's access tokens in another service, without a request to Latchkey for each.

    :param issuer: the service's ``LATCHKEY_ISSUER``; its metadata says where the keys are.
    :param audience: the accepted audience (``aud``), or several of them.
    :param client_id: a client of the service (``POST /clients``) with the scope ``revocations:read`` and the audience
        among its ``introspection_audiences``.
    :param client_secret: the secret of that client.
    :param url: the base URL for requests to the service; by default the issuer.
    :param jwks_uri: the URL of the public keys; by default the metadata's ``jwks_uri``.
    :param leeway: by how much the clocks here and at the service may differ, in seconds, 0 to 300.
    :param bound: how old the feed may be, in seconds, 2 or more because its heartbeat comes every second.
    :param when_stale: what to do while the feed is older. ``introspect``: ask the service about each token, and respond
        503 if it does not respond. ``refuse``: respond 503. ``accept``: accept tokens that may be revoked, with a
        warning.
    :param settings: the service's own ``JWT_…`` settings about where tokens are in a request (``JWT_TOKEN_LOCATION``,
        ``JWT_HEADER_NAME``, ``JWT_COOKIE_DOMAIN`` and others), with the same values; without any, tokens are read from
        ``Authorization: Bearer``.
    :param warn: called with messages for the operator; by default the logger ``latchkey_guard`` is used.
    :param open_telemetry: whether checks and requests to the service are spans of OpenTelemetry, whose
        ``opentelemetry-api`` must be installed then.
    :param clock: seconds since the Unix epoch, for tests; ``monotonic``: seconds of a monotonic clock.
    :raises ValueError: with a sentence for each invalid parameter.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str | Sequence[str],
        client_id: str,
        client_secret: str,
        url: str | None = None,
        jwks_uri: str | None = None,
        leeway: float = 0,
        bound: float = 3,
        when_stale: Literal["introspect", "refuse", "accept"] = "introspect",
        settings: Mapping[str, Any] | None = None,
        warn: Callable[[str], None] | None = None,
        open_telemetry: bool = False,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        audiences = [audience] if isinstance(audience, str) else list(audience or [])
        _check_options(issuer, audiences, client_id, client_secret, url, leeway, bound, when_stale)
        self.issuer = issuer
        self._locations = TokenLocations.from_settings(settings or {})
        self._bound = bound
        self._when_stale = when_stale
        self._warn = warn or logging.getLogger("latchkey_guard").warning
        self._clock = clock
        self._monotonic = monotonic
        self._tracing = Tracing() if open_telemetry else None
        self._service = Service(
            tracing=self._tracing,
            issuer=issuer,
            url=(url or issuer).rstrip("/"),
            jwks_uri=jwks_uri,
            client_id=client_id,
            client_secret=client_secret,
            header=(self._locations.header_name, self._locations.header_type),
            clock=clock,
        )
        self._keys = KeySet(self._service, monotonic, self._warn)
        self._tokens = AccessTokens(self._keys, clock, issuer, audiences, leeway)
        self._revoked = Revoked()
        self._feed = Feed(
            self._service,
            self._revoked,
            bound=bound,
            clock=clock,
            monotonic=monotonic,
            warn=self._warn,
            on_following=self._keys.expire,
        )
        self._has_warned = False
        self._answers: dict[str, tuple[bool, float]] = {}
        self._failed_at = float("-inf")
        self._lock = threading.Lock()
        child = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: _call(child))

    def start(self, timeout: float | None = None) -> None:
        """Waits until the guard knows all revocations and the keys.

        Otherwise the first request of each process begins to follow the feed, and until then the guard asks the service
        about each token. Do not call it in a process that forks its workers afterwards: each worker starts its own feed.

        :param timeout: seconds; None: no limit.
        :raises ServiceRefused: if the service refuses the guard, for example for a wrong secret or a missing permission.
        :raises TimeoutError: if it takes longer than the timeout.
        """
        self._feed.wait(timeout)
        self._keys.refresh()

    def close(self) -> None:
        """Ends the feed within about a second. A process can also exit without it."""
        self._feed.close()

    @property
    def is_current(self) -> bool:
        """Whether the feed is recent enough, for a health check."""
        return self._feed.is_current

    def __len__(self) -> int:
        """Number of revocations in memory."""
        return len(self._revoked)

    def __bool__(self) -> bool:
        return True

    def check(self, authorization: str | None, *demands: str) -> Caller:
        """Checks the access token of a request.

        :param authorization: the value of an ``Authorization`` header, or of the one that ``JWT_HEADER_NAME`` names.
        :param demands: permissions, ``fresh`` (a token from a login rather than from a refresh), ``fresh:300`` (from a
            login at most 300 seconds ago), ``mfa`` (of a login with a second factor) or ``mfa:300``.
        :raises Refusal: with the status, the headers and the body of the response.
        """
        with self._refusing():
            return self._check(self._token_in_header(authorization), demands)

    def check_at_once(self, authorization: str | None, *demands: str) -> Caller | None:
        """The same if it needs neither I/O nor cryptography, which would block an event loop; otherwise returns None."""
        with self._refusing():
            return self._check_at_once(self._token_in_header(authorization), demands)

    def check_request(self, request: IncomingRequest, *demands: str, optional: bool = False) -> Caller | None:
        """Like ``check``, for a token in any of the locations that ``settings`` name.

        :param optional: accept a request without a token, too; the result is then None.
        :raises Refusal: with the status, the headers and the body of the response.
        """
        with self._refusing():
            token = self._token_in(request, optional)
            return None if token is None else self._check(token, demands)

    def demand(self, caller: Caller, *demands: str) -> None:
        """Checks the demands for a caller whose token has been checked. Raises ``Refusal``."""
        with self._refusing():
            demand_of(caller, demands, self._clock())

    def missing_token(self) -> Refusal:
        """The refusal of a request without a token."""
        try:
            with self._refusing():
                raise self._locations.missing()
        except Refusal as refusal:
            return refusal

    @property
    def locations(self) -> TokenLocations:
        """Where tokens are read from."""
        return self._locations

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            refusal.issuer = self.issuer
            refusal.scheme = self._locations.header_type or refusal.scheme
            raise

    def _token_in_header(self, authorization: str | None) -> str:
        token = self._locations.in_header(authorization)
        if token is None:
            raise self._locations.missing()
        return token

    def _token_in(self, request: IncomingRequest, optional: bool) -> str | None:
        token = self._locations.find(request)
        if token is None and not optional:
            raise self._locations.missing()
        return token

    def _check(self, token: str, demands: Sequence[str]) -> Caller:
        if self._tracing is None:
            return self._check_token(token, demands)
        return self._tracing.check(lambda: self._check_token(token, demands))

    def _check_token(self, token: str, demands: Sequence[str]) -> Caller:
        self._feed.begin()
        caller = self._tokens.verify(token)
        if caller.claims in self._revoked:
            raise _revoked()
        if self._feed.is_current:
            self._has_warned = False
        else:
            self._check_otherwise(token, caller)
        demand_of(caller, demands, self._clock())
        return caller

    def _check_at_once(self, token: str, demands: Sequence[str]) -> Caller | None:
        if not self._feed.is_current or self._tokens.known(token) is None:
            return None
        return self._check(token, demands)

    def _check_otherwise(self, token: str, caller: Caller) -> None:
        """Applies ``when_stale``."""
        if self._when_stale == "refuse":
            raise Refusal("not_ready")
        if self._when_stale == "accept":
            if not self._has_warned:
                self._has_warned = True
                self._warn(
                    f"Nothing has been heard of revocations for {self._bound} s: "
                    "tokens are accepted that may be revoked."
                )
            return
        try:
            is_live = self._introspect(token)
        except ServiceError as error:
            raise Refusal("not_ready") from error
        # The feed may have brought its revocation meanwhile.
        if not is_live or caller.claims in self._revoked:
            raise _revoked()

    def _introspect(self, token: str) -> bool:
        """Asks the service about a token, and caches the response for the bound."""
        now = self._monotonic()
        is_live, asked_at = self._answers.get(token, (False, float("-inf")))
        if now - asked_at <= self._bound:
            return is_live
        if now - self._failed_at < _PAUSE:
            raise ServiceError("The service did not respond a moment ago.")
        try:
            is_live = self._service.introspect(token)
        except ServiceError:
            self._failed_at = self._monotonic()
            raise
        with self._lock:
            self._answers.pop(token, None)
            if len(self._answers) >= _REMEMBERED:
                del self._answers[next(iter(self._answers))]
            self._answers[token] = (is_live, now)
        return is_live

    def _after_fork(self) -> None:
        """Another thread may have held a lock when the process was forked."""
        self._lock = threading.Lock()
        for part in (self._service, self._keys, self._tokens):
            part.after_fork()


def _revoked() -> Refusal:
    return Refusal("invalid_token", "The access token was revoked. Refresh it or log in again.")


def _check_options(
    issuer: object,
    audiences: Sequence[object],
    client_id: object,
    client_secret: object,
    url: object,
    leeway: float,
    bound: float,
    when_stale: object,
) -> None:
    def is_text(value: object) -> bool:
        return isinstance(value, str) and value != ""

    faults = {
        "issuer must be the http or https URL that the service has as LATCHKEY_ISSUER.": isinstance(issuer, str)
        and _URL.fullmatch(issuer),
        'audience must name the accepted audience ("aud") of tokens.': audiences
        and all(map(is_text, audiences)),
        "client_id and client_secret must be those of a client of the service (POST /clients).": is_text(client_id)
        and is_text(client_secret),
        "url must be an http or https URL.": url is None or (isinstance(url, str) and _URL.fullmatch(url)),
        "leeway must be 0 to 300 seconds.": 0 <= leeway <= 300,
        "bound must be 2 seconds or more.": 2 <= bound < float("inf"),
        f"when_stale must be one of {', '.join(_WAYS)}.": when_stale in _WAYS,
    }
    found = [fault for fault, is_right in faults.items() if not is_right]
    if found:
        raise ValueError(f"The guard cannot be used so: {' '.join(found)}")


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    call = method()
    if call is not None:
        call()


__all__ = ["Guard", "check_demands"]
