"""For Flask: ``@latchkey.requires("reports:read")`` below ``@app.get(…)``."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, g, has_app_context, request
from werkzeug.exceptions import Forbidden, HTTPException, ServiceUnavailable, Unauthorized

from .claims import Caller
from .config import options_from
from .demands import check_demands
from .guard import Guard
from .locations import IncomingRequest
from .refusal import Refusal

_P = ParamSpec("_P")
_R = TypeVar("_R")


class RefusedRequest(HTTPException):
    """A refusal as one of Flask's exceptions: ``errorhandler(401)`` gets it; without one the response is problem+json."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        #: Has ``code``, ``headers`` and ``body()``, for error handlers.
        self.refusal = refusal

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        return list(self.refusal.headers.items())

    def get_body(self, *_: Any, **__: Any) -> str:
        return self.refusal.body()


class _Unauthorized(RefusedRequest, Unauthorized):
    pass


class _Forbidden(RefusedRequest, Forbidden):
    pass


class _ServiceUnavailable(RefusedRequest, ServiceUnavailable):
    pass


# Flask finds error handlers by class.
_KINDS: dict[int, type[RefusedRequest]] = {401: _Unauthorized, 403: _Forbidden, 503: _ServiceUnavailable}


class FlaskGuard:
    """A guard for Flask's views.

    :param app: the app, if there is only one; otherwise call ``init_app``.
    :param options: those of ``Guard``. ``init_app`` reads the others from ``app.config``: ``LATCHKEY_ISSUER``,
        ``LATCHKEY_AUDIENCE``, ``LATCHKEY_CLIENT_ID``, ``LATCHKEY_CLIENT_SECRET``, and the service's ``JWT_…`` settings.
    """

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        self._options = options
        self._guards: weakref.WeakKeyDictionary[Flask, Guard] = weakref.WeakKeyDictionary()
        self._last: Guard | None = None
        if app is not None:
            self.init_app(app)
        elif options:
            self._last = Guard(**options_from({}, options))

    def init_app(self, app: Flask) -> None:
        """Creates the guard of an app by its configuration, for app factories. Raises ``ValueError``."""
        self._last = self._guards[app] = Guard(**options_from(app.config, self._options))
        # For a check() in a view.
        app.register_error_handler(Refusal, _handle)

    @property
    def guard(self) -> Guard:
        """The guard of the current app; outside an app context, that of the last ``init_app``."""
        # current_app is a proxy of it.
        app = current_app._get_current_object() if has_app_context() else None  # type: ignore[attr-defined]
        found = self._last if app is None else self._guards.get(app, self._last)
        if found is None:
            raise RuntimeError("The guard has no options yet: call latchkey.init_app(app).")
        return found

    def start(self, timeout: float | None = None) -> None:
        """Waits until the guard knows all revocations and the keys, like ``Guard.start``."""
        self.guard.start(timeout)

    def close(self) -> None:
        """Ends the feed."""
        self.guard.close()

    @property
    def is_current(self) -> bool:
        """Whether the feed is recent enough, for a health check."""
        return self.guard.is_current

    def check(self, authorization: str | None, *demands: str) -> Caller:
        """Checks a token that comes by other means. Raises ``Refusal``."""
        return self.guard.check(authorization, *demands)

    def requires(
        self, *demands: str, optional: bool = False
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R | Response]]:
        """A decorator that lets a request through if its access token is valid and meets all demands.

        :param demands: permissions, ``fresh:300`` or ``mfa:300``, for example; without any, any valid token is accepted.
        :param optional: accept a request without a token, too; one whose token is not valid is still refused.
        :raises ValueError: for a demand that cannot be met.
        """
        check_demands(demands)

        def decorate(view: Callable[_P, _R]) -> Callable[_P, _R | Response]:
            @functools.wraps(view)
            def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R | Response:
                self.check_request(*demands, optional=optional)
                synchronous: Callable[..., Any] = current_app.ensure_sync(view)
                result: _R = synchronous(*args, **kwargs)
                return result

            return guarded

        return decorate

    def check_request(self, *demands: str, optional: bool = False) -> None:
        """Checks the current request like ``requires``, for ``before_request`` of an app or a blueprint.

        :raises RefusedRequest: which Flask's error handlers get.
        """
        # A preflight request of a browser has no token.
        if request.method == "OPTIONS":
            return
        incoming = IncomingRequest(
            request.method, request.headers.get, request.args.getlist, lambda name: request.form.get(name)
        )
        try:
            g.latchkey_caller = (self.guard.check_request(incoming, *demands, optional=optional),)
        except Refusal as refusal:
            raise _to_http(refusal) from refusal

    @property
    def caller(self) -> Caller:
        """The caller of a request that ``requires`` has let through."""
        caller = self.caller_if_present
        if caller is None:
            raise RuntimeError("The token of this request was optional, and it had none: use caller_if_present.")
        return caller

    @property
    def caller_if_present(self) -> Caller | None:
        """The same; None if the token was optional and there was none."""
        held: tuple[Caller | None] | None = g.get("latchkey_caller")
        if held is None:
            raise RuntimeError("No guard has let this request through: put @requires() on its view.")
        return held[0]


def _to_http(refusal: Refusal) -> RefusedRequest:
    return _KINDS[refusal.status](refusal)


def _handle(refusal: Refusal) -> Any:
    return current_app.handle_user_exception(_to_http(refusal))


__all__ = ["FlaskGuard", "RefusedRequest"]
