"""The claims of an access token (RFC 9068, and Latchkey's own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

_READ_ONLY = "The claims of a token cannot be changed: every check of it returns the same ones. Change a copy."


class ReadOnlyList(list[Any]):
    """A list in a claim: equal to a ``list``, and serialized like one.

    Methods that would change it raise ``TypeError``; ``list(…)`` and ``copy.deepcopy(…)`` make copies that can be changed.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(_READ_ONLY)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)


class ReadOnlyDict(dict[str, Any]):
    """An object in a claim: equal to a ``dict``, and serialized like one.

    Methods that would change it raise ``TypeError``; ``dict(…)`` and ``copy.deepcopy(…)`` make copies that can be changed.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(_READ_ONLY)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


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
    #: All claims of the token, read-only at every depth: a list is a ``ReadOnlyList``, an object a ``ReadOnlyDict``.
    claims: Mapping[str, Any]


def caller_of(claims: dict[str, Any]) -> Caller:
    return Caller(
        subject=claims["sub"],
        username=claims.get("preferred_username"),
        session_id=claims.get("sid"),
        permissions=frozenset(claims["scope"].split()),
        claims=MappingProxyType({name: _make_read_only(claim) for name, claim in claims.items()}),
    )


def _make_read_only(value: Any) -> Any:
    """Copies lists and objects into ones that refuse changes: a caller is cached, and handlers share it."""
    if isinstance(value, list):
        return ReadOnlyList(map(_make_read_only, value))
    if isinstance(value, dict):
        return ReadOnlyDict({name: _make_read_only(member) for name, member in value.items()})
    return value


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
