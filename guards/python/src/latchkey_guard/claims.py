"""The claims of an access token (RFC 9068, and Latchkey's own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Caller:
    """The caller of a request, by its access token."""

    #: The user's id, or for a client's own token the client's id.
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
    """Whether all required claims of an access token are present and have the right type."""

    def are(kind: type, *names: str) -> bool:
        # In Python a bool is an int; in JSON it is not a number.
        return all(isinstance(claims.get(name), kind) and claims[name] is not True for name in names)

    roles = claims.get("roles")
    return (
        are(str, "iss", "sub", "jti", "client_id", "scope")
        and are(int, "exp", "iat", "ver")
        # Only a client's own token has no session.
        and (claims["sub"] == claims["client_id"] or (are(str, "sid") and are(int, "auth_time")))
        and isinstance(claims.get("preferred_username", ""), str)
        and isinstance(claims.get("amr", []), list)
        and all(isinstance(method, str) for method in claims.get("amr", []))
        and ("mfa_time" not in claims or are(int, "mfa_time"))
        and isinstance(roles, list)
        and all(isinstance(role, str) for role in roles)
    )
