"""Verifies that a token is one of Latchkey's access tokens, has an accepted audience, and is valid at this time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import jwt

from .claims import Caller, are_claims, caller_of
from .compact_jws import is_signature, read_compact_jws, read_header
from .keys import KeySet
from .refusal import Refusal
from .service import ServiceError

#: In characters; longer tokens are refused before they are parsed. A token with dozens of permissions has 2 KiB.
_LONGEST_TOKEN = 8192
#: Maximum number of tokens whose verification is cached.
_REMEMBERED = 10_000
_NO_ACCESS_TOKEN = "This JWT is not an access token."
_MALFORMED = "The access token is malformed, or its signature is wrong."


class AccessTokens:
    def __init__(
        self, keys: KeySet, clock: Callable[[], float], issuer: str, audience: Sequence[str], leeway: float
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = list(audience)
        self._leeway = leeway
        self._lock = threading.Lock()
        self._verified: dict[str, Caller] = {}
        self._keys_version = 0

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def known(self, token: str) -> Caller | None:
        """The caller of a token whose verification is cached; None if the token must be verified."""
        if not self._keys.is_fresh or self._keys_version != self._keys.version:
            return None
        caller = self._verified.get(token)
        return caller if caller and self._clock() < caller.claims["exp"] + self._leeway else None

    def verify(self, token: str) -> Caller:
        """Returns the token's caller.

        :raises Refusal: ``invalid_token``, or ``not_ready`` if the keys cannot be read.
        """
        known = self.known(token)
        if known:
            return known
        try:
            self._keys.refresh()
            caller = self._verify_anew(token)
        except ServiceError as error:
            raise Refusal("not_ready") from error
        with self._lock:
            if self._keys_version != self._keys.version:
                self._verified.clear()
                self._keys_version = self._keys.version
            if len(self._verified) >= _REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = caller
        return caller

    def _verify_anew(self, token: str) -> Caller:
        if len(token) > _LONGEST_TOKEN:
            raise _invalid("The access token is too long to be one of the service.")
        parts = read_compact_jws(token)
        header = read_header(parts[0]) if parts else None
        if parts is None or header is None:
            raise _invalid("The access token is not a JWT in its compact form.")
        key_id = header.get("kid")
        key = self._keys.find(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise _invalid("The access token is not signed with a key of the service.")
        # The key determines the algorithm, never the token (RFC 8725, section 3.1).
        if header.get("alg") != key.algorithm:
            raise _invalid("The access token names another algorithm than that of its key.")
        kind = str(header.get("typ")).lower().removeprefix("application/")
        if kind not in ("at+jwt", "jwt"):
            raise _invalid(_NO_ACCESS_TOKEN)
        # RFC 7515, section 4.1.11: an unknown critical extension must not be ignored.
        if "crit" in header:
            raise _invalid("The access token demands an extension that is not known here.")
        if not is_signature(parts[2], key.signature_length):
            raise _invalid(_MALFORMED)
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                # The times are compared below, by the guard's own clock, which tests can move.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise _invalid(_fault_of(error)) from error
        if not are_claims(claims):
            raise _invalid("The access token lacks a claim.")
        # The service's JWT_ACCESS_TOKEN_TYPE: where the header does not say that it is an access token, a claim does.
        if kind == "jwt" and claims.get("token_use") != "access_token":
            raise _invalid(_NO_ACCESS_TOKEN)
        now = self._clock()
        if now >= claims["exp"] + self._leeway:
            raise _invalid("The access token has expired.")
        not_before = claims.get("nbf", now)
        if not isinstance(not_before, (int, float)) or now < not_before - self._leeway:
            raise _invalid("The access token is not valid yet.")
        return caller_of(claims)


def _fault_of(error: jwt.InvalidTokenError) -> str:
    if isinstance(error, (jwt.InvalidIssuerError, jwt.InvalidAudienceError)):
        by_or_for = "by" if isinstance(error, jwt.InvalidIssuerError) else "for"
        return f"The access token was issued {by_or_for} another service."
    if isinstance(error, (jwt.MissingRequiredClaimError, jwt.exceptions.InvalidSubjectError, jwt.exceptions.InvalidJTIError)):
        return "The access token lacks a claim."
    return _MALFORMED


def _invalid(detail: str) -> Refusal:
    return Refusal("invalid_token", detail)
