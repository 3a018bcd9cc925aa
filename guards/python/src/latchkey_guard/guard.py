"""The guard: what each request is asked."""

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

_URL = re.compile(r"https?://[^?#\s]+")
_WAYS = ("introspect", "refuse", "accept")
#: After a failure the service is not asked again for so long, in seconds.
_PAUSE = 1.0
#: Answers of the service that are remembered.
_REMEMBERED = 10_000


class Guard:
    """Checks Latchkey's access tokens in another service, without asking Latchkey.

    :param issuer: the service's ``LATCHKEY_ISSUER``; its metadata says where the keys are.
    :param audience: the accepted audience (``aud``), or several of them.
    :param client_id: a client of the service (``POST /clients``) with the scope ``revocations:read`` and the audience
        among its ``introspection_audiences``.
    :param client_secret: the secret of that client.
    :param url: where the service is reached, where that is not the issuer.
    :param jwks_uri: where the public keys are, where the metadata is not to be asked for it.
    :param leeway: by how much the clocks here and there may differ, in seconds: 0 to 300.
    :param bound: how old the feed may be, in seconds: 2 or more, because the service is heard of every second.
    :param when_stale: what is done while it is older. ``introspect``: the service is asked about each token, and where
        it does not answer the request is refused. ``refuse``: 503. ``accept``: tokens are taken that may be revoked,
        with a warning.
    :param settings: the service's own ``JWT_…`` settings that say where tokens come (``JWT_TOKEN_LOCATION``,
        ``JWT_HEADER_NAME``, ``JWT_COOKIE_DOMAIN`` and so on), as they are set there; without any, tokens come in
        ``Authorization: Bearer``.
    :param warn: is told what an operator should know; by default the logger ``latchkey_guard``.
    :param clock: seconds since the Unix epoch, for tests; ``monotonic``: seconds of a clock that nobody sets.
    :raises ValueError: for what cannot be used, all of it in one sentence each.
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
        self._service = Service(
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
        """Waits until the guard knows all that is revoked, and the keys.

        Without it the first request of each process begins that, and the service is asked about tokens meanwhile. Not
        in a process that forks its workers afterwards: they begin for themselves.

        :raises ServiceRefused: where the service refuses the guard, such as for a wrong secret or permission.
        :raises TimeoutError: where it takes longer than so many seconds.
        """
        self._feed.wait(timeout)
        self._keys.refresh()

    def close(self) -> None:
        """Ends the feed, within about a second. A process need not: it ends without."""
        self._feed.close()

    @property
    def is_current(self) -> bool:
        """Whether the feed is as new as it has to be, for a health check."""
        return self._feed.is_current

    def __len__(self) -> int:
        """How many revocations are held."""
        return len(self._revoked)

    def __bool__(self) -> bool:
        return True

    def check(self, authorization: str | None, *demands: str) -> Caller:
        """Lets a request through, or raises ``Refusal``, which has the status, the headers and the body of an answer.

        :param authorization: the value of an ``Authorization`` header, or of the one that ``JWT_HEADER_NAME`` names.
        :param demands: permissions, ``fresh`` (a token from a login rather than from a refresh) or ``fresh:300`` (from a
            login at most 300 seconds ago).
        """
        with self._refusing():
            return self._check(self._token_in_header(authorization), demands)

    def check_at_once(self, authorization: str | None, *demands: str) -> Caller | None:
        """The same where it costs neither time nor I/O, which an event loop cannot spare; else None."""
        with self._refusing():
            return self._check_at_once(self._token_in_header(authorization), demands)

    def check_request(self, request: IncomingRequest, *demands: str, optional: bool = False) -> Caller | None:
        """Like ``check``, for a token in any of the places that ``settings`` name.

        :param optional: whether a request without a token is let through, too; None is its caller.
        """
        with self._refusing():
            token = self._token_in(request, optional)
            return None if token is None else self._check(token, demands)

    def demand(self, caller: Caller, *demands: str) -> None:
        """What a caller must have beside a good token, for one that was let through before. Raises ``Refusal``."""
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
        """Where tokens are looked for."""
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
        """What is done while the feed is older than it may be."""
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
        # What came by the feed meanwhile counts.
        if not is_live or caller.claims in self._revoked:
            raise _revoked()

    def _introspect(self, token: str) -> bool:
        """Asks about each token once for as long as the bound."""
        now = self._monotonic()
        is_live, asked_at = self._answers.get(token, (False, float("-inf")))
        if now - asked_at <= self._bound:
            return is_live
        if now - self._failed_at < _PAUSE:
            raise ServiceError("The service did not answer a moment ago.")
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
