"""The service's public keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from .public_keys import KeyRefused, VerificationKey, import_key
from .service import Service, ServiceError, ServiceRefused

#: Between two attempts to read the keys, in seconds: tokens with made-up key ids cause no more.
_ATTEMPT_EVERY = 5
#: For how long keys are used when newer ones cannot be had, in seconds.
_USED_AT_MOST = 3600

#: Signatures that those who check them cannot make.
ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

_NO_KEYS = (
    "The service publishes no public keys: its JWT_ALGORITHM is one with a shared secret (HS256, HS384, HS512), whose "
    "tokens only the service itself can check. Set JWT_ALGORITHM=ES256 there, or introspect tokens."
)


class KeySet:
    """Kept for as long as the service says, and while it cannot be reached an hour at most."""

    def __init__(
        self, service: Service, monotonic: Callable[[], float], warn: Callable[[str], None]
    ) -> None:
        self._service = service
        self._warn = warn
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, VerificationKey] = {}
        self._text = ""
        self._read_at = float("-inf")
        self._max_age = 0.0
        self._tried_at = float("-inf")
        self._is_expired = False
        #: Whether the service publishes no key at all.
        self._has_none = False
        #: Raised when the keys are other ones: what was verified with the old ones has to be verified again.
        self.version = 0

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the keys are as new as the service demands."""
        return not self._is_expired and not self._has_none and self._age < self._max_age

    def expire(self) -> None:
        """The keys are to be read again before they are used again: one may have been taken away."""
        self._is_expired = True
        self._tried_at = float("-inf")

    def refresh(self) -> None:
        """Reads the keys again if that is due. Raises where none can be had that are new enough."""
        if self.is_fresh:
            return
        try:
            self._read_again()
        except ServiceError:
            if self._age >= _USED_AT_MOST:
                raise
        if self._age >= _USED_AT_MOST:
            raise ServiceError("The public keys could not be read a moment ago.")
        self._require_some()

    def find(self, key_id: str) -> VerificationKey | None:
        """The key with this id. The service is asked for one that is not known."""
        if key_id not in self._keys:
            self._read_again()
        self._require_some()
        return self._keys.get(key_id)

    def _require_some(self) -> None:
        """Without any, it is not the tokens that are wrong."""
        if self._has_none:
            raise ServiceRefused(_NO_KEYS)

    @property
    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _read_again(self) -> None:
        """At most once at a time, and once in a while."""
        asked_at = self._monotonic()
        with self._lock:
            # Another thread has just done it, or tried to.
            if self._tried_at >= asked_at or asked_at - self._tried_at < _ATTEMPT_EVERY:
                return
            self._tried_at = asked_at
            self._is_expired = False
            try:
                keys, max_age = self._service.keys()
            except BaseException:
                self._is_expired = True
                raise
            text = json.dumps(keys)
            if text != self._text:
                self._keys = self._import(keys)
                self._text = text
                self.version += 1
                self._has_none = not keys
                if self._has_none:
                    self._warn(_NO_KEYS)
            self._read_at, self._max_age = asked_at, float(max_age)

    def _import(self, keys: list[dict[str, Any]]) -> dict[str, VerificationKey]:
        """Those that can be used; the others are told of."""
        usable = {}
        known = [key for key in keys if key.get("alg") in ALGORITHMS and isinstance(key.get("kid"), str)]
        ids = [key["kid"] for key in known]
        for key in known:
            key_id = key["kid"]
            try:
                if ids.count(key_id) > 1:
                    raise KeyRefused('has the "kid" of another one')
                usable[key_id] = import_key(key)
            except KeyRefused as error:
                self._warn(f'The key "{key_id}" of the service is not used: it {error}.')
        return usable
