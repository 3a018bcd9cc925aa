"""For Starlette and FastAPI: ``@latchkey.requires("reports:read")``, or ``Depends(latchkey.caller_with("reports:read"))``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .claims import Caller
from .demands import check_demands
from .guard import Guard
from .refusal import Refusal


class StarletteGuard(Guard):
    """A guard for Starlette's and FastAPI's endpoints; made like ``Guard``."""

    def init_app(self, app: Starlette) -> None:
        """Makes the app answer what the guard refuses; FastAPI's dependencies need it."""
        app.add_exception_handler(Refusal, self._answer)

    def requires(self, *demands: str) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]:
        """A decorator for an endpoint with a parameter ``request``.

        It lets a request through whose access token is good and has all that is demanded: permissions, ``fresh``,
        ``fresh:300``; nothing: any good token. Any other is answered.
        """
        check_demands(demands)

        def decorate(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
            signature = inspect.signature(endpoint)
            if "request" not in signature.parameters:
                raise TypeError(f"{endpoint.__qualname__} needs a parameter request: Request.")

            @functools.wraps(endpoint)
            async def guarded(*args: Any, **kwargs: Any) -> Any:
                request: Request = signature.bind(*args, **kwargs).arguments["request"]
                try:
                    await self._let_through(request, demands)
                except Refusal as refusal:
                    return await self._answer(request, refusal)
                if inspect.iscoroutinefunction(endpoint):
                    return await endpoint(*args, **kwargs)
                return await run_in_threadpool(endpoint, *args, **kwargs)

            return guarded

        return decorate

    def caller_with(self, *demands: str) -> Callable[[Request], Awaitable[Caller]]:
        """A dependency for FastAPI that gives the caller; ``init_app`` says what the others are answered."""
        check_demands(demands)

        async def caller(request: Request) -> Caller:
            return await self._let_through(request, demands)

        return caller

    def caller(self, request: Request) -> Caller:
        """Who calls, where ``requires`` has let the request through."""
        found: Caller | None = getattr(request.state, "latchkey_caller", None)
        if found is None:
            raise RuntimeError("No guard has let this request through: put @requires() on its endpoint.")
        return found

    async def _let_through(self, request: Request, demands: tuple[str, ...]) -> Caller:
        # Several lines are one list (RFC 9110, section 5.3), as WSGI servers have it already.
        authorization = ", ".join(request.headers.getlist("Authorization")) or None
        caller = self.check_at_once(authorization, *demands)
        if caller is None:
            caller = await run_in_threadpool(self.check, authorization, *demands)
        request.state.latchkey_caller = caller
        return caller

    async def _answer(self, _request: Request, refusal: Exception) -> Response:
        if not isinstance(refusal, Refusal):
            raise refusal
        return Response(refusal.body(self.issuer), refusal.status, refusal.headers)
