"""The service's public keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from .public_keys import KeyRefused, VerificationKey, import_key
from .service import Service, ServiceError, ServiceRefused

#: Minimum time between two attempts to read the keys, in seconds, however many tokens with unknown key ids come.
_ATTEMPT_EVERY = 5
#: How long keys are used while newer ones cannot be read, in seconds.
_USED_AT_MOST = 3600

#: Asymmetric algorithms alone: with a shared secret, every service that checks tokens could also issue them.
ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

_NO_KEYS = (
    "The service publishes no public keys: its JWT_ALGORITHM is one with a shared secret (HS256, HS384, HS512), whose "
    "tokens only the service itself can check. Set JWT_ALGORITHM=ES256 there, or introspect tokens."
)


class KeySet:
    """The keys, cached for as long as the service says, and for at most an hour while it cannot be reached."""

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
        #: Incremented when the keys change: tokens must then be verified again.
        self.version = 0

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the keys are not older than the service's ``max-age``."""
        return not self._is_expired and not self._has_none and self._age < self._max_age

    def expire(self) -> None:
        """The keys are read again before their next use, because one may have been removed."""
        self._is_expired = True
        self._tried_at = float("-inf")

    def refresh(self) -> None:
        """Reads the keys again if that is due. Raises ``ServiceError`` if that fails and they are older than an hour."""
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
        """Finds the key with this id; if it is unknown, the keys are read again. Raises ``ServiceError``."""
        if key_id not in self._keys:
            self._read_again()
        self._require_some()
        return self._keys.get(key_id)

    def _require_some(self) -> None:
        """Without any key every token would be refused, though nothing is wrong with the tokens."""
        if self._has_none:
            raise ServiceRefused(_NO_KEYS)

    @property
    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _read_again(self) -> None:
        """At most one read at a time, and one in ``_ATTEMPT_EVERY`` seconds."""
        asked_at = self._monotonic()
        with self._lock:
            # Another thread has just read them, or tried to.
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
        """Imports the keys that can be used, and warns about the others."""
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
