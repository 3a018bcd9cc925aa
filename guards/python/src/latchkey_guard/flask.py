"""For Flask: ``@latchkey.requires("reports:read")`` below ``@app.get(…)``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Response, current_app, g, request

from .claims import Caller
from .demands import check_demands
from .guard import Guard
from .refusal import Refusal

_P = ParamSpec("_P")
_R = TypeVar("_R")


class FlaskGuard(Guard):
    """A guard for Flask's views, with the parameters of ``Guard``."""

    def requires(self, *demands: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R | Response]]:
        """A decorator that lets a request through if its access token is valid and meets all demands.

        Other requests get the refusal as response. Demands are permissions, ``fresh`` and ``fresh:300``; without any,
        any valid token is accepted.

        :raises ValueError: for a demand that cannot be met.
        """
        check_demands(demands)

        def decorate(view: Callable[_P, _R]) -> Callable[_P, _R | Response]:
            @functools.wraps(view)
            def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R | Response:
                try:
                    g.latchkey_caller = self.check(request.headers.get("Authorization"), *demands)
                except Refusal as refusal:
                    return Response(refusal.body(self.issuer), refusal.status, refusal.headers)
                synchronous: Callable[..., Any] = current_app.ensure_sync(view)
                result: _R = synchronous(*args, **kwargs)
                return result

            return guarded

        return decorate

    @property
    def caller(self) -> Caller:
        """The caller of the request, in a view with ``requires``.

        :raises RuntimeError: in a view without.
        """
        caller: Caller | None = g.get("latchkey_caller")
        if caller is None:
            raise RuntimeError("No guard has let this request through: put @requires() on its view.")
        return caller
