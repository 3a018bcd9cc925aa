"""The tokens of a login, and what has to be known to keep them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a login; ``dataclasses.asdict`` and ``Tokens(**fields)`` store them.

    Attributes:
        access_token: sent with each request.
        refresh_token: exchanged for new tokens, once.
        expires_at: when the access token expires, in seconds since 1970, by the clock of this machine.
        expires_in: how long the access token lives, in seconds.
        scope: the account's permissions, space-separated.
        login: names the login, so that one user's request is not sent again with the token of the next user.
    """

    access_token: str = field(repr=False)  # logs and tracebacks show what repr does
    refresh_token: str = field(repr=False)
    expires_at: float
    expires_in: float
    scope: str
    login: str


class TokenBox:
    """Holds the tokens, and tells of each change. Only one thread at a time may change them."""

    def __init__(
        self,
        tokens: Tokens | None,
        on_change: Callable[[Tokens | None], None] | None,
        clock: Callable[[], float],
        margin: float,
    ) -> None:
        """``clock`` gives seconds since 1970; tokens count as expired ``margin`` seconds before they are."""
        self.tokens = tokens
        self._on_change = on_change
        self._clock = clock
        self._margin = margin

    def is_stale(self, tokens: Tokens) -> bool:
        """Tell whether the access token has expired or is about to."""
        # Of tokens that live for less than the margin, a new one would be stale at once.
        margin = min(self._margin, tokens.expires_in / 2)
        return self._clock() >= tokens.expires_at - margin

    def keep(self, token_set: Mapping[str, Any], login: str | None = None) -> Tokens:
        """Keep what the service gave; without ``login``, as those of a new one."""
        tokens = Tokens(
            access_token=token_set["access_token"],
            refresh_token=token_set["refresh_token"],
            expires_at=self._clock() + token_set["expires_in"],
            expires_in=token_set["expires_in"],
            scope=token_set["scope"],
            login=login or secrets.token_hex(8),
        )
        self._set(tokens)
        return tokens

    def forget(self) -> None:
        """Keep no tokens any more."""
        self._set(None)

    def _set(self, tokens: Tokens | None) -> None:
        self.tokens = tokens
        if self._on_change:
            self._on_change(tokens)
