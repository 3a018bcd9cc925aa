"""Checks Latchkey's access tokens in another service.

By the public keys, and by a feed of what is revoked that is held in memory: a check asks nobody.
``latchkey_guard.flask`` and ``latchkey_guard.starlette`` are for those frameworks; ``Guard`` is for anything else.
"""

from .claims import Caller
from .guard import Guard
from .refusal import Refusal
from .service import ServiceRefused

__all__ = ["Caller", "Guard", "Refusal", "ServiceRefused"]
