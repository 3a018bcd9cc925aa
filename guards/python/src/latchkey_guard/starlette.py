"""For Starlette: ``@latchkey.requires("reports:read")`` on an endpoint; ``latchkey_guard.fastapi`` is for FastAPI."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .claims import Caller
from .demands import check_demands
from .guard import Guard
from .locations import IncomingRequest
from .refusal import Refusal


class RefusedRequest(HTTPException):
    """A refusal as one of Starlette's exceptions: ``exception_handler(401)`` gets it."""

    def __init__(self, refusal: Refusal) -> None:
        headers = {name: value for name, value in refusal.headers.items() if name != "Content-Type"}
        super().__init__(refusal.status, refusal.detail, headers)
        #: Has ``code``, ``headers`` and ``body()``, for exception handlers.
        self.refusal = refusal


class StarletteGuard(Guard):
    """A guard for Starlette's endpoints, with the parameters of ``Guard``."""

    def init_app(self, app: Starlette) -> None:
        """Registers the handler that responds with problem+json; without it the framework's own form of errors is used.

        A handler for a status (``exception_handler(401)``) takes precedence.
        """
        app.add_exception_handler(RefusedRequest, _answer)
        # For a check() in an endpoint.
        app.add_exception_handler(Refusal, _answer)

    def requires(
        self, *demands: str, optional: bool = False
    ) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]:
        """A decorator for an endpoint with a parameter ``request``.

        It lets a request through if its access token is valid and meets all demands.

        :param demands: permissions, ``fresh:300`` or ``mfa:300``, for example; without any, any valid token is accepted.
        :param optional: accept a request without a token, too; one whose token is not valid is still refused.
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
                await self.check_incoming(request, *demands, optional=optional)
                if inspect.iscoroutinefunction(endpoint):
                    return await endpoint(*args, **kwargs)
                return await run_in_threadpool(endpoint, *args, **kwargs)

            return guarded

        return decorate

    def caller(self, request: Request) -> Caller:
        """The caller of a request that ``requires`` has let through."""
        caller = self.caller_if_present(request)
        if caller is None:
            raise RuntimeError("The token of this request was optional, and it had none: use caller_if_present().")
        return caller

    def caller_if_present(self, request: Request) -> Caller | None:
        """The same; None if the token was optional and there was none."""
        held: tuple[Caller | None] | None = getattr(request.state, "latchkey_caller", None)
        if held is None:
            raise RuntimeError("No guard has let this request through: put @requires() on its endpoint.")
        return held[0]

    async def check_incoming(self, request: Request, *demands: str, optional: bool = False) -> Caller | None:
        """Checks a request like ``requires``, for middleware.

        :raises RefusedRequest: which the app's exception handlers get.
        """
        # A preflight request of a browser has no token.
        if request.method == "OPTIONS":
            return None
        try:
            caller = await self._admit(request, demands, optional)
        except Refusal as refusal:
            raise RefusedRequest(refusal) from refusal
        request.state.latchkey_caller = (caller,)
        return caller

    async def _admit(self, request: Request, demands: tuple[str, ...], optional: bool) -> Caller | None:
        with self._refusing():
            token = self._token_in(_incoming(request), optional)
            if token is None:
                return None
            caller = self._check_at_once(token, demands)
            if caller is None:
                caller = await run_in_threadpool(self._check, token, demands)
            return caller


def _incoming(request: Request) -> IncomingRequest:
    def header(name: str) -> str | None:
        # Several lines are one list (RFC 9110, section 5.3); those of cookies are joined otherwise (RFC 9113, section 8.2.3).
        return ("; " if name == "Cookie" else ", ").join(request.headers.getlist(name)) or None

    return IncomingRequest(request.method, header, request.query_params.getlist)


async def _answer(_request: Request, error: Exception) -> Response:
    refusal = error.refusal if isinstance(error, RefusedRequest) else error
    if not isinstance(refusal, Refusal):
        raise error
    return Response(refusal.body(), refusal.status, refusal.headers)
