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
    """A guard for Starlette's and FastAPI's endpoints, with the parameters of ``Guard``."""

    def init_app(self, app: Starlette) -> None:
        """Registers the handler that turns a refusal into a response; ``caller_with`` needs it."""
        app.add_exception_handler(Refusal, self._answer)

    def requires(self, *demands: str) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]:
        """A decorator for an endpoint with a parameter ``request``.

        It lets a request through if its access token is valid and meets all demands: permissions, ``fresh`` and
        ``fresh:300``; without any, any valid token is accepted. Other requests get the refusal as response.

        :raises ValueError: for a demand that cannot be met.
        :raises TypeError: for an endpoint without a parameter ``request``.
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
        """A dependency for FastAPI that returns the caller; ``init_app`` registers the response to other requests."""
        check_demands(demands)

        async def caller(request: Request) -> Caller:
            return await self._let_through(request, demands)

        return caller

    def caller(self, request: Request) -> Caller:
        """The caller of a request that ``requires`` has let through.

        :raises RuntimeError: for any other request.
        """
        found: Caller | None = getattr(request.state, "latchkey_caller", None)
        if found is None:
            raise RuntimeError("No guard has let this request through: put @requires() on its endpoint.")
        return found

    async def _let_through(self, request: Request, demands: tuple[str, ...]) -> Caller:
        # Several header lines are one list (RFC 9110, section 5.3); WSGI servers join them.
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
