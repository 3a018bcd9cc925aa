"""The client of Latchkey, a token-authentication service."""

from .async_latchkey import AsyncLatchkey
from .client import AuthenticatedClient
from .failures import (
    LatchkeyError,
    LatchkeyOAuthError,
    SecondFactorRequired,
    StepUpRequired,
    UnexpectedResponseError,
)
from .latchkey import Latchkey
from .models.problem_code import ProblemCode
from .results import unwrap, walk, walk_async
from .tokens import Tokens

__all__ = [
    "AsyncLatchkey",
    "AuthenticatedClient",
    "Latchkey",
    "LatchkeyError",
    "LatchkeyOAuthError",
    "ProblemCode",
    "SecondFactorRequired",
    "StepUpRequired",
    "Tokens",
    "UnexpectedResponseError",
    "unwrap",
    "walk",
    "walk_async",
]
