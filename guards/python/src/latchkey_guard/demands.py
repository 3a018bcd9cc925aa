"""What a caller needs beside a valid token: permissions, ``fresh`` and ``mfa``, and both with an age, as in ``fresh:300``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .claims import Caller
from .refusal import Refusal

_LOGIN = re.compile(r"(fresh|mfa)(?::(\d+))?", re.ASCII)


def check_demands(demands: Sequence[str]) -> None:
    """Raises ``ValueError`` for a demand that cannot be met, such as ``fresh:5m``: no caller has such a permission."""
    for demand in demands:
        if callable(demand):
            raise ValueError('Write the brackets of "requires": requires("reports:read"), or requires() for any valid token.')
        if not isinstance(demand, str) or demand == "" or re.search(r"\s", demand):
            raise ValueError(f'{demand!r} is no demand: name each permission by itself, such as "reports:read".')
        kind = re.match(r"(fresh|mfa)(?::|$)", demand)
        if kind and not _LOGIN.fullmatch(demand):
            raise ValueError(f'{demand!r} is no demand: write "{kind[1]}", or "{kind[1]}:" and seconds.')


def demand_of(caller: Caller, demands: Sequence[str], now: float) -> None:
    if caller.claims.get("mfa_enroll"):
        raise Refusal("second_factor_enrollment_required")
    for demand in demands:
        login = _LOGIN.fullmatch(demand)
        if login and login[1] == "mfa":
            _demand_second_factor(caller, login[2], now)
        elif login:
            _demand_freshness(caller, login[2], now)
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


def _demand_second_factor(caller: Caller, age: str | None, now: float) -> None:
    """RFC 9470, section 3: the challenge's ``acr_values`` says how to log in, its ``max_age`` how old the proof may be."""
    claims = caller.claims
    proved_at = claims.get("mfa_time")
    if "mfa" in claims.get("amr", ()) and proved_at is not None and (age is None or now - proved_at <= int(age)):
        return
    code = "insufficient_user_authentication"
    detail = (
        "This operation needs a login with a second factor. Log in again with acr_values=aal2; "
        "set up a second factor first if the account has none."
    )
    challenge = {"error": code, "error_description": detail, "acr_values": "aal2"}
    raise Refusal(code, detail, {**challenge, **({} if age is None else {"max_age": age})})


def _permission_missing(caller: Caller, demands: Sequence[str]) -> Refusal:
    if caller.claims.get("pwd_change"):
        return Refusal("password_change_required")
    scope = " ".join(demand for demand in demands if not _LOGIN.fullmatch(demand))
    return Refusal(
        "insufficient_scope",
        f"This operation needs the permission {scope}.",
        {"error": "insufficient_scope", "scope": scope},
    )
