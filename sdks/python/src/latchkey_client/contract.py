"""Finds the operation of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from ._operations import OPERATIONS


@dataclass(frozen=True, slots=True)
class Operation:
    """What the client has to know of an operation beside its types.

    Attributes:
        takes_token: whether it takes a bearer token.
        renews_tokens: whether its response has the next tokens of the session.
        media_types: those of its successful responses; an empty one stands for a response without a body.
    """

    takes_token: bool
    renews_tokens: bool
    media_types: frozenset[str]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^{}]*\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


_OPERATIONS = [
    (method, _pattern(path), Operation(takes_token, renews_tokens, frozenset(media_types)))
    for method, path, takes_token, renews_tokens, media_types in OPERATIONS
]


class Contract:
    """The operations of the contract at a base URL."""

    def __init__(self, base_url: str) -> None:
        """``base_url`` may have a path."""
        self._prefix = httpx.URL(base_url).path.rstrip("/")

    def find(self, request: httpx.Request) -> Operation | None:
        """Return the operation of a request; None if the contract does not have it."""
        path = request.url.path.removeprefix(self._prefix)
        for method, pattern, operation in _OPERATIONS:
            if method == request.method and pattern.fullmatch(path):
                return operation
        return None

    def renews_tokens(self, request: httpx.Request) -> bool:
        """Whether the response has the next tokens of the session."""
        operation = self.find(request)
        return operation is not None and operation.renews_tokens

    def allows(self, response: httpx.Response) -> bool:
        """Whether the contract has such a successful response. A newer service may have other operations."""
        operation = self.find(response.request)
        return operation is None or _media_type(response) in operation.media_types


def _media_type(response: httpx.Response) -> str:
    # A 204 and a 304 never have a body.
    if response.status_code in (httpx.codes.NO_CONTENT, httpx.codes.NOT_MODIFIED):
        return ""
    content_type: str = response.headers.get("Content-Type", "")
    return content_type.partition(";")[0].strip().lower()
