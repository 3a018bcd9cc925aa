"""Checks Latchkey's access tokens in another service.

A check needs no request to Latchkey: it uses the public keys, and a feed of revocations that is kept in memory.
``latchkey_guard.flask`` and ``latchkey_guard.starlette`` are for those frameworks; ``Guard`` is for all others.
"""

from .claims import Caller
from .guard import Guard
from .refusal import Refusal
from .service import ServiceRefused

__all__ = ["Caller", "Guard", "Refusal", "ServiceRefused"]
