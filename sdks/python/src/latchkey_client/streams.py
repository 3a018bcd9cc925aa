"""Streams of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any

from httpx_sse import ServerSentEvent, aconnect_sse, connect_sse

from .client import AuthenticatedClient


def events(client: AuthenticatedClient, request: Mapping[str, Any]) -> Generator[ServerSentEvent]:
    """Iterate over the events of a stream until it ends; leaving the loop closes it."""
    with connect_sse(client.get_httpx_client(), **request) as source:
        yield from source.iter_sse()


async def async_events(
    client: AuthenticatedClient, request: Mapping[str, Any]
) -> AsyncGenerator[ServerSentEvent]:
    """Iterate like ``events``, with ``async for``."""
    async with aconnect_sse(client.get_async_httpx_client(), **request) as source:
        async for event in source.aiter_sse():
            yield event
