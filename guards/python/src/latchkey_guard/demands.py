"""What a caller needs beside a valid token: permissions, ``fresh`` and ``fresh:300``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .claims import Caller
from .refusal import Refusal

_FRESH = re.compile(r"fresh(?::(\d+))?")


def check_demands(demands: Sequence[str]) -> None:
    """Raises ``ValueError`` for a demand that cannot be met, such as ``fresh:5m``: no caller has such a permission."""
    for demand in demands:
        if callable(demand):
            raise ValueError('Write the brackets of "requires": requires("reports:read"), or requires() for any valid token.')
        if not isinstance(demand, str) or demand == "" or re.search(r"\s", demand):
            raise ValueError(f'{demand!r} is no demand: name each permission by itself, such as "reports:read".')
        if re.match(r"fresh(:|$)", demand) and not _FRESH.fullmatch(demand):
            raise ValueError(f'{demand!r} is no demand: write "fresh", or "fresh:" and seconds.')


def demand_of(caller: Caller, demands: Sequence[str], now: float) -> None:
    for demand in demands:
        fresh = _FRESH.fullmatch(demand)
        if fresh:
            _demand_freshness(caller, fresh[1], now)
        elif demand not in caller.permissions:
            raise _permission_missing(caller, demands)


def _demand_freshness(caller: Caller, age: str | None, now: float) -> None:
    """RFC 9470, section 3: the challenge's ``max_age`` says how old the login may be."""
    claims = caller.claims
    elapsed = now - claims.get("auth_time", float("-inf"))
    if claims.get("fresh") and (age is None or elapsed <= int(age)):
        return
    code = "insufficient_user_authentication"
    max_age = age if age is not None else str(claims["exp"] - claims["iat"])
    challenge = {"error": code, "error_description": Refusal(code).detail, "max_age": max_age}
    raise Refusal(code, challenge=challenge)


def _permission_missing(caller: Caller, demands: Sequence[str]) -> Refusal:
    if caller.claims.get("pwd_change"):
        return Refusal("password_change_required")
    scope = " ".join(demand for demand in demands if not _FRESH.fullmatch(demand))
    return Refusal(
        "insufficient_scope",
        f"This operation needs the permission {scope}.",
        {"error": "insufficient_scope", "scope": scope},
    )
