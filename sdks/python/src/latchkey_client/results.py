"""Helpers for calling the generated operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Protocol, TypeVar

from .models.o_auth_error import OAuthError
from .models.problem_details import ProblemDetails
from .types import UNSET

T = TypeVar("T")
Item = TypeVar("Item")


class Page(Protocol[Item]):
    """A page of a list."""

    items: list[Item]

    @property
    def next_cursor(self) -> object:
        """The cursor of the next page; unset on the last one."""


def unwrap(result: T | ProblemDetails | OAuthError | None) -> T:
    """Narrow the type of an operation's result.

    By their types the generated operations may return an error, or nothing. With ``Latchkey.api`` they don't:
    errors are raised.
    """
    if result is None or isinstance(result, ProblemDetails | OAuthError):
        raise TypeError("The operation returned an error: it was not called with Latchkey.api.")
    return result


def walk(
    list_page: Callable[..., Page[Item] | ProblemDetails | None], *ids: object, **parameters: Any
) -> Iterator[Item]:
    """Iterate over a list, across all pages: ``walk(list_users.sync, client=latchkey.api, limit=100)``.

    A page is fetched when the items of the previous one have been consumed.
    """
    cursor: object = parameters.pop("cursor", UNSET)
    while True:
        page = unwrap(list_page(*ids, **parameters, cursor=cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is UNSET:
            return


async def walk_async(
    list_page: Callable[..., Awaitable[Page[Item] | ProblemDetails | None]], *ids: object, **parameters: Any
) -> AsyncIterator[Item]:
    """Iterate like ``walk``, with ``async for`` and an operation such as ``list_users.asyncio``."""
    cursor: object = parameters.pop("cursor", UNSET)
    while True:
        page = unwrap(await list_page(*ids, **parameters, cursor=cursor))
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is UNSET:
            return
