"""The revocations of tokens that have not expired, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


#: In the feed, the id of a ``role`` revocation that concerns every user.
_EVERY_ROLE = "*"


class Revoked:
    """One thread adds and prunes while others read: single operations on a dict are atomic."""

    def __init__(self) -> None:
        #: Identifier → expiry in seconds since the Unix epoch.
        self._sessions: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        #: Identifier → the lowest version that is not revoked, and the expiry.
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
        # Clients, whose tokens have no session, have no roles.
        if not self._roles or "sid" not in claims:
            return False
        version = claims.get("roles_ver", 0)
        return any(
            version < self._roles.get(role, (0, 0))[0] for role in (_EVERY_ROLE, *claims["roles"])
        )

    def add(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Adds items of the feed; an item may come again."""
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
        """Removes expired revocations.

        :param now: seconds since the Unix epoch.
        """
        for held in (self._sessions, self._tokens):
            for identifier in [each for each, until in held.items() if until <= now]:
                del held[identifier]
        for versions in (self._subjects, self._roles):
            for identifier in [each for each, (_, until) in versions.items() if until <= now]:
                del versions[identifier]


def _seconds(text: str) -> int:
    # Python 3.10's fromisoformat does not accept the Z.
    return -int(-datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)
