"""What an access token says (RFC 9068, and Latchkey's own claims)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Caller:
    """Who calls, as the access token says it."""

    #: The user's id, or the client's where a client acts for itself.
    subject: str
    #: The user's name when the token was issued, to be shown: a user is told from others by ``subject``. None for a client.
    username: str | None
    #: None for a client.
    session_id: str | None
    permissions: frozenset[str]
    #: All claims of the token, read-only.
    claims: Mapping[str, Any]


def caller_of(claims: dict[str, Any]) -> Caller:
    return Caller(
        subject=claims["sub"],
        username=claims.get("preferred_username"),
        session_id=claims.get("sid"),
        permissions=frozenset(claims["scope"].split()),
        claims=MappingProxyType(claims),
    )


def are_claims(claims: Mapping[str, Any]) -> bool:
    """Whether what a signature vouches for has what no access token of Latchkey lacks."""

    def are(kind: type, *names: str) -> bool:
        # bool is an int to Python, and none to JSON.
        return all(isinstance(claims.get(name), kind) and claims[name] is not True for name in names)

    roles = claims.get("roles")
    return (
        are(str, "iss", "sub", "jti", "client_id", "scope")
        and are(int, "exp", "iat", "ver")
        # Only a client that acts for itself has no session.
        and (claims["sub"] == claims["client_id"] or (are(str, "sid") and are(int, "auth_time")))
        and isinstance(claims.get("preferred_username", ""), str)
        and isinstance(roles, list)
        and all(isinstance(role, str) for role in roles)
    )
