"""The tokens of a login, and their expiry."""

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
        expires_at: when the access token expires, in seconds since the Unix epoch, by this machine's clock.
        expires_in: the lifetime of the access token, in seconds.
        scope: the account's permissions, space-separated.
        login: identifies the login, so that one user's request is not sent again with the token of the next.
    """

    access_token: str = field(repr=False)  # logs and tracebacks show the repr
    refresh_token: str = field(repr=False)
    expires_at: float
    expires_in: float
    scope: str
    login: str


class TokenBox:
    """Stores the tokens, and reports each change. Only one thread at a time may change them."""

    def __init__(
        self,
        tokens: Tokens | None,
        on_change: Callable[[Tokens | None], None] | None,
        clock: Callable[[], float],
        margin: float,
    ) -> None:
        """``clock`` returns Unix time; tokens are stale ``margin`` seconds before they expire."""
        self.tokens = tokens
        self._on_change = on_change
        self._clock = clock
        self._margin = margin

    def is_stale(self, tokens: Tokens) -> bool:
        """Whether the access token has expired or is about to."""
        # With a lifetime below the margin, new tokens would be stale at once.
        margin = min(self._margin, tokens.expires_in / 2)
        return self._clock() >= tokens.expires_at - margin

    def keep(self, token_set: Mapping[str, Any], login: str | None = None) -> Tokens:
        """Store the service's tokens; without ``login``, as those of a new login."""
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
        """Delete the tokens."""
        self._set(None)

    def _set(self, tokens: Tokens | None) -> None:
        self.tokens = tokens
        if self._on_change:
            self._on_change(tokens)
