"""For FastAPI: ``Annotated[Caller, Depends(latchkey.requires("reports:read"))]``."""

# Without "from __future__ import annotations": earlier versions of FastAPI do not resolve texts on a callable object.
from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer, SecurityBase as SecurityModel
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from .claims import Caller
from .demands import check_demands
from .guard import Guard
from .locations import TokenLocations
from .starlette import RefusedRequest, StarletteGuard


class _NoField:
    """Marks a parameter that no request has: FastAPI asks it for a schema where it takes ``requires`` for a dependency."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> Any:
        raise TypeError(
            'latchkey.requires is no dependency, and what it returns is one: write Depends(latchkey.requires("reports:read")), '
            "or Depends(latchkey.requires()) for any valid token."
        )


class FastAPIGuard(StarletteGuard):
    """A guard for FastAPI, with the parameters of ``Guard``.

    ``requires`` creates dependencies, with the security scheme ``bearer`` in FastAPI's OpenAPI document.
    """

    # Any: a dependency, where StarletteGuard has a decorator.
    def requires(self, *demands: Annotated[str, _NoField()], optional: Annotated[bool, _NoField()] = False) -> Any:
        """Creates a dependency that returns the caller of a request whose access token is valid and meets all demands.

        ``Security(latchkey.requires(), scopes=["reports:read"])`` demands the scopes, too, and documents them.

        :param demands: permissions, ``fresh:300`` or ``mfa:300``, for example; without any, any valid token is accepted.
        :param optional: accept a request without a token, too; the dependency then returns None.
        :raises ValueError: for a demand that cannot be met.
        """
        check_demands(demands)
        return _Dependency(self, demands, optional)


class _Dependency(SecurityBase):
    """A dependency that FastAPI documents as a security scheme, because of its class."""

    def __init__(self, guard: FastAPIGuard, demands: tuple[str, ...], optional: bool) -> None:
        self._guard, self._demands, self._optional = guard, demands, optional
        self.scheme_name = "bearer"
        self.model = _model(guard.locations)
        # By this one FastAPI knows that it returns a coroutine; Python calls that of the class.
        setattr(self, "__call__", self._check)

    # Not async, so that it refuses a function at once where it stands above one as a decorator.
    def __call__(
        self, request: Request, security_scopes: SecurityScopes = SecurityScopes()
    ) -> Coroutine[Any, Any, Caller | None]:
        if not isinstance(request, Request):
            raise TypeError(_decorates(request, self._demands, self._optional))
        return self._check(request, security_scopes)

    async def _check(self, request: Request, security_scopes: SecurityScopes) -> Caller | None:
        demands = (*self._demands, *security_scopes.scopes)
        return await self._guard.check_incoming(request, *demands, optional=self._optional)


def _decorates(function: Any, demands: tuple[str, ...], optional: bool) -> str:
    name = getattr(function, "__qualname__", repr(function))
    written = ", ".join([*(f'"{demand}"' for demand in demands), *(["optional=True"] if optional else [])])
    return (
        f"latchkey.requires({written}) is a dependency in FastAPI, and no decorator of {name}. Write a parameter "
        f"caller: Annotated[Caller, Depends(latchkey.requires({written}))], "
        f"or @app.get(..., dependencies=[Depends(latchkey.requires({written}))])."
    )


def _model(locations: TokenLocations) -> SecurityModel:
    """Describes the first location of tokens."""
    description = "An access token of Latchkey."
    if locations.order[0] == "cookies":
        place, name = APIKeyIn.cookie, locations.cookie_name
    elif locations.order[0] == "query_string":
        place, name = APIKeyIn.query, locations.query_name
    elif locations.header_name == "Authorization" and locations.header_type == "Bearer":
        return HTTPBearer(bearerFormat="JWT", description=description)
    else:
        place, name = APIKeyIn.header, locations.header_name
    return APIKey.model_validate({"in": place, "name": name, "description": description})


__all__ = ["Caller", "FastAPIGuard", "Guard", "RefusedRequest"]
