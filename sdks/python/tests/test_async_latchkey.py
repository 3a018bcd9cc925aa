from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from latchkey_client import (
    AsyncLatchkey,
    LatchkeyError,
    ProblemCode,
    UnexpectedResponseError,
    unwrap,
    walk_async,
)
from latchkey_client.api.own_account import get_me
from latchkey_client.api.protected import get_protected
from latchkey_client.api.users import create_user, end_user_sessions, list_users
from latchkey_client.models import CreateUserRequest, RevocationPage
from live import ADMINISTRATOR, READER, URL, Clock, async_logged_in, logged_in, revoke_access_tokens, user


async def my_name(latchkey: AsyncLatchkey) -> str:
    return unwrap(await get_me.asyncio(client=latchkey.api)).username


async def code_of(call: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(LatchkeyError) as caught:
        await call
    return caught.value.code


def test_logs_in_calls_and_logs_out() -> None:
    async def run() -> None:
        async with async_logged_in(user(21)) as (latchkey, watched):
            result = unwrap(await get_protected.asyncio(client=latchkey.api))
            assert result.message == "This is a protected endpoint."
            await latchkey.logout()
            assert latchkey.tokens is None
            assert await code_of(my_name(latchkey)) == ProblemCode.AUTHENTICATION_REQUIRED
            await latchkey.logout()
            assert watched.sent.count("POST /logout") == 1

    asyncio.run(run())


def test_raises_an_error_with_the_code_of_a_refusal() -> None:
    async def run() -> None:
        async with AsyncLatchkey(URL) as latchkey:
            assert await code_of(latchkey.login("user-21", "wrong")) == ProblemCode.INVALID_CREDENTIALS
        async with async_logged_in(READER) as (latchkey, _):
            assert await code_of(list_users.asyncio(client=latchkey.api)) == ProblemCode.INSUFFICIENT_SCOPE
        async with async_logged_in(ADMINISTRATOR) as (latchkey, _):
            body = CreateUserRequest(username=" ", password="short")
            call = create_user.asyncio(client=latchkey.api, body=body)
            assert await code_of(call) == ProblemCode.VALIDATION_FAILED

    asyncio.run(run())


def test_iterates_over_all_pages_of_users() -> None:
    async def run() -> None:
        async with async_logged_in(ADMINISTRATOR) as (latchkey, watched):
            users = walk_async(list_users.asyncio, client=latchkey.api, limit=20, name="user-")
            assert [user.username async for user in users] == [f"user-{number:02}" for number in range(1, 46)]
            assert watched.sent.count("GET /users") == 3

    asyncio.run(run())


def test_has_the_operations_as_methods_by_their_tags() -> None:
    async def run() -> None:
        async with async_logged_in(ADMINISTRATOR) as (latchkey, _):
            users = walk_async(latchkey.users.list, limit=20, name="user-")
            assert len([user.username async for user in users]) == 45
            assert (await latchkey.own_account.get_me()).username == ADMINISTRATOR[0]

    asyncio.run(run())


def test_follows_a_stream() -> None:
    async def run() -> None:
        async with (
            async_logged_in(ADMINISTRATOR) as (latchkey, _),
            aclosing(latchkey.revocations.follow()) as events,
        ):
            async for event in events:
                if RevocationPage.from_dict(event.json()).complete:
                    assert event.id
                    break
            else:
                pytest.fail("the stream ended")

    asyncio.run(run())


def test_raises_another_error_for_a_page_of_another_server() -> None:
    async def run() -> None:
        page = httpx.Response(200, headers={"Content-Type": "text/html"}, text="<h1>A proxy</h1>")
        transport = httpx.MockTransport(lambda _: page)
        async with AsyncLatchkey("http://proxy.example.com", transport=transport) as latchkey:
            with pytest.raises(UnexpectedResponseError, match="responded with 200"):
                await latchkey.users.list()

    asyncio.run(run())


def test_one_refresh_serves_20_tasks_whose_token_is_refused() -> None:
    async def run() -> None:
        async with async_logged_in(user(22)) as (latchkey, watched):
            revoke_access_tokens()
            names = await asyncio.gather(*(my_name(latchkey) for _ in range(20)))
            assert set(names) == {"user-22"}
            assert watched.sent.count("POST /refresh") == 1
            assert watched.sent.count("GET /me") == 40

    asyncio.run(run())


def test_one_refresh_serves_20_tasks_whose_token_has_expired() -> None:
    async def run() -> None:
        clock = Clock()
        async with async_logged_in(user(23), clock=clock) as (latchkey, watched):
            clock.time += 100_000
            await asyncio.gather(*(my_name(latchkey) for _ in range(20)))
            assert watched.sent.count("POST /refresh") == 1
            assert watched.sent.count("GET /me") == 20

    asyncio.run(run())


def test_a_refused_refresh_deletes_the_tokens_and_raises_for_all_waiting() -> None:
    async def run() -> None:
        async with async_logged_in(user(24)) as (latchkey, watched):
            me = unwrap(await get_me.asyncio(client=latchkey.api))
            with logged_in(ADMINISTRATOR) as (administrator, _):
                end_user_sessions.sync_detailed(me.id, client=administrator.api)
            codes = await asyncio.gather(*(code_of(my_name(latchkey)) for _ in range(20)))
            assert ProblemCode.INVALID_REFRESH_TOKEN in codes
            assert set(codes) <= {ProblemCode.INVALID_REFRESH_TOKEN, ProblemCode.INVALID_TOKEN}
            assert watched.sent.count("POST /refresh") == 1
            assert latchkey.tokens is None

    asyncio.run(run())


def test_a_refresh_that_fails_otherwise_keeps_the_tokens() -> None:
    async def run() -> None:
        async with async_logged_in(user(25)) as (latchkey, watched):
            revoke_access_tokens()
            watched.fails_at.add("POST /refresh")
            with pytest.raises(httpx.ConnectError):
                await my_name(latchkey)
            watched.fails_at.clear()
            assert await my_name(latchkey) == "user-25"

    asyncio.run(run())


def test_a_refresh_continues_for_the_others_when_one_task_is_canceled() -> None:
    async def run() -> None:
        async with async_logged_in(user(26)) as (latchkey, watched):
            revoke_access_tokens()
            given_up = asyncio.create_task(my_name(latchkey))
            while "POST /refresh" not in watched.sent:
                await asyncio.sleep(0)
            waits = asyncio.create_task(my_name(latchkey))
            given_up.cancel()
            assert await waits == "user-26"
            assert given_up.cancelled()
            assert watched.sent.count("POST /refresh") == 1

    asyncio.run(run())


def test_deletes_the_tokens_even_if_the_service_cannot_be_reached() -> None:
    async def run() -> None:
        async with async_logged_in(user(27)) as (latchkey, watched):
            watched.fails_at.add("POST /logout")
            with pytest.raises(httpx.ConnectError):
                await latchkey.logout()
            assert latchkey.tokens is None

    asyncio.run(run())


def test_stores_the_tokens_that_come_with_a_new_password() -> None:
    with logged_in(ADMINISTRATOR) as (administrator, _):
        body = CreateUserRequest(username="python-async", password="a first password")
        create_user.sync(client=administrator.api, body=body)

    async def run() -> None:
        clock = Clock()
        async with async_logged_in(("python-async", "a first password"), clock=clock) as (latchkey, watched):
            clock.time += 100_000
            await latchkey.change_password("a first password", "a second password")
            assert watched.sent == ["POST /login", "POST /refresh", "PUT /me/password"]
            assert await my_name(latchkey) == "python-async"

    asyncio.run(run())
