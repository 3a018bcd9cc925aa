"""What is revoked, in memory, for as long as a token that it concerns may live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


#: What stands in the feed for the users of every role.
_EVERY_ROLE = "*"


class Revoked:
    """One thread adds and prunes, any number of them look: each step on a dict is whole."""

    def __init__(self) -> None:
        #: Identifier to when it may be forgotten, in seconds since the Unix epoch.
        self._sessions: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        #: Identifier to the least version that is good, and when it may be forgotten.
        self._subjects: dict[str, tuple[float, int]] = {}
        self._roles: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._sessions) + len(self._tokens) + len(self._subjects) + len(self._roles)

    def __contains__(self, claims: Mapping[str, Any]) -> bool:
        if claims["jti"] in self._tokens or claims.get("sid") in self._sessions:
            return True
        subject = self._subjects.get(claims["sub"])
        # Versions, never clocks: `iat` has whole seconds and would accept older tokens or refuse newer ones.
        if subject is not None and claims["ver"] < subject[0]:
            return True
        # A client has no session, and no roles.
        if not self._roles or "sid" not in claims:
            return False
        version = claims.get("roles_ver", 0)
        return any(
            version < self._roles.get(role, (0, 0))[0] for role in (_EVERY_ROLE, *claims["roles"])
        )

    def add(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Takes over what the feed tells; what is known already may come again."""
        for entry in entries:
            kind, identifier = entry["kind"], entry["id"]
            until = _seconds(entry["expires_at"])
            if kind in ("subject", "role"):
                versions = self._subjects if kind == "subject" else self._roles
                version, known_until = versions.get(identifier, (0, 0))
                version = max(version, entry.get("version", float("inf")))
                versions[identifier] = (version, max(until, known_until))
            elif kind in ("session", "token"):
                held = self._sessions if kind == "session" else self._tokens
                held[identifier] = max(until, held.get(identifier, 0))

    def prune(self, now: float) -> None:
        """Forgets what no living token is concerned by any more."""
        for held in (self._sessions, self._tokens):
            for identifier in [each for each, until in held.items() if until <= now]:
                del held[identifier]
        for versions in (self._subjects, self._roles):
            for identifier in [each for each, (_, until) in versions.items() if until <= now]:
                del versions[identifier]


def _seconds(text: str) -> int:
    # Python 3.10 does not read the Z.
    return -int(-datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)
