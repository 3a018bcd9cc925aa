"""For FastAPI: ``Annotated[Caller, Depends(latchkey.requires("reports:read"))]``."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer, SecurityBase as SecurityModel
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from .claims import Caller
from .demands import check_demands
from .guard import Guard
from .locations import TokenLocations
from .starlette import RefusedRequest, StarletteGuard


class FastAPIGuard(StarletteGuard):
    """A guard for FastAPI; made like ``Guard``.

    ``requires`` makes dependencies, with the security scheme ``bearer`` in FastAPI's own document.
    """

    # A dependency, where Starlette has a decorator.
    def requires(self, *demands: str, optional: bool = False) -> Any:
        """A dependency that gives the caller of a request whose access token is good and has all that is demanded.

        ``Security(latchkey.requires(), scopes=["reports:read"])`` demands the scopes, too, and they are in the document.

        :param demands: permissions, ``fresh``, ``fresh:300``; nothing: any good token.
        :param optional: whether a request without a token is let through, too; None is its caller.
        """
        check_demands(demands)
        return _Dependency(self, demands, optional)


class _Dependency(SecurityBase):
    """FastAPI takes a dependency of this class for a security scheme."""

    def __init__(self, guard: FastAPIGuard, demands: tuple[str, ...], optional: bool) -> None:
        self._guard, self._demands, self._optional = guard, demands, optional
        self.scheme_name = "bearer"
        self.model = _model(guard.locations)

    async def __call__(self, request: Request, security_scopes: SecurityScopes) -> Caller | None:
        demands = (*self._demands, *security_scopes.scopes)
        return await self._guard.check_incoming(request, *demands, optional=self._optional)


def _model(locations: TokenLocations) -> SecurityModel:
    """The first place that a token is looked for in."""
    description = "An access token of Latchkey."
    if locations.order[0] == "cookies":
        return APIKey(**{"in": APIKeyIn.cookie}, name=locations.cookie_name, description=description)
    if locations.order[0] == "query_string":
        return APIKey(**{"in": APIKeyIn.query}, name=locations.query_name, description=description)
    if locations.header_name == "Authorization" and locations.header_type == "Bearer":
        return HTTPBearer(bearerFormat="JWT", description=description)
    return APIKey(**{"in": APIKeyIn.header}, name=locations.header_name, description=description)


__all__ = ["Caller", "FastAPIGuard", "Guard", "RefusedRequest"]
