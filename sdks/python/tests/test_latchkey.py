from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from io import BytesIO

import httpx
import pytest

from latchkey_client import (
    Latchkey,
    LatchkeyError,
    LatchkeyOAuthError,
    ProblemCode,
    Tokens,
    UnexpectedResponseError,
    unwrap,
    walk,
)
from latchkey_client.api.o_auth import exchange_grant
from latchkey_client.api.own_account import get_me
from latchkey_client.api.protected import get_protected
from latchkey_client.api.roles import put_role
from latchkey_client.api.service import get_live
from latchkey_client.api.users import create_user, end_user_sessions, list_users
from latchkey_client.models import (
    AddReportBody,
    CreateUserRequest,
    ProblemDetails,
    PutRoleRequest,
    RevocationPage,
    TokenRequest,
)
from latchkey_client.types import File
from live import ADMINISTRATOR, READER, URL, Clock, Watched, logged_in, revoke_access_tokens, user


def my_name(latchkey: Latchkey) -> str:
    return unwrap(get_me.sync(client=latchkey.api)).username


def test_logs_in_and_calls_a_protected_operation() -> None:
    with logged_in(user(1)) as (latchkey, _):
        assert unwrap(get_protected.sync(client=latchkey.api)).message == "This is a protected endpoint."
        assert latchkey.tokens is not None


def test_raises_an_error_with_a_code_for_a_wrong_password() -> None:
    with Latchkey(URL) as latchkey:
        with pytest.raises(LatchkeyError) as caught:
            latchkey.login("user-01", "wrong")
        assert caught.value.code is ProblemCode.INVALID_CREDENTIALS
        assert caught.value.status == 401
        assert caught.value.request_id
        assert latchkey.tokens is None


def test_provides_retry_after_after_too_many_failed_logins() -> None:
    with Latchkey(URL) as latchkey:
        while True:
            with pytest.raises(LatchkeyError) as caught:
                latchkey.login("nobody-of-python", "wrong")
            if caught.value.code != ProblemCode.INVALID_CREDENTIALS:
                break
        assert caught.value.code == "too_many_attempts"
        assert (caught.value.retry_after or 0) > 0


def test_is_refused_without_a_login() -> None:
    with Latchkey(URL) as latchkey, pytest.raises(LatchkeyError) as caught:
        get_protected.sync(client=latchkey.api)
    assert (caught.value.status, caught.value.code) == (401, "authentication_required")


def test_is_refused_without_the_permission() -> None:
    with logged_in(READER) as (latchkey, _), pytest.raises(LatchkeyError) as caught:
        list_users.sync(client=latchkey.api)
    assert (caught.value.status, caught.value.code) == (403, ProblemCode.INSUFFICIENT_SCOPE)


def test_provides_the_invalid_fields() -> None:
    with logged_in(ADMINISTRATOR) as (latchkey, _), pytest.raises(LatchkeyError) as caught:
        create_user.sync(client=latchkey.api, body=CreateUserRequest(username=" ", password="short"))
    assert (caught.value.status, caught.value.code) == (422, ProblemCode.VALIDATION_FAILED)
    assert any("username" in field for field in caught.value.errors)


def test_iterates_over_all_pages_of_users() -> None:
    with logged_in(ADMINISTRATOR) as (latchkey, watched):
        names = [user.username for user in walk(list_users.sync, client=latchkey.api, limit=20, name="user-")]
    assert names == [f"user-{number:02}" for number in range(1, 46)]
    assert watched.sent.count("GET /users") == 3


def test_has_the_operations_as_methods_by_their_tags() -> None:
    with logged_in(ADMINISTRATOR) as (latchkey, _):
        names = [user.username for user in walk(latchkey.users.list, limit=20, name="user-")]
        assert len(names) == 45
        user = latchkey.users.create(
            body=CreateUserRequest(username="python-group", password="a first password")
        )
        assert latchkey.users.get(user.id).username == "python-group"
        assert latchkey.users.list_sessions(user.id).items == []
        latchkey.users.delete(user.id)
        with pytest.raises(LatchkeyError) as caught:
            latchkey.users.get(user.id)
        assert caught.value.code == ProblemCode.USER_NOT_FOUND


def test_sends_a_file_and_reads_the_operations_of_an_api_built_on_the_service() -> None:
    with logged_in(user(6)) as (latchkey, watched):
        revoke_access_tokens()  # the file is sent again after a refresh
        file = File(BytesIO(b"All is well."), file_name="july.txt", mime_type="text/plain")
        report = latchkey.reports.add(body=AddReportBody(file=file, title="July"))
        assert (report.file_name, report.size, report.text) == ("july.txt", 12, "All is well.")
        assert watched.sent.count("POST /reports") == 2
        assert "July" in [each.title for each in latchkey.reports.list().items]
        wrong = File(BytesIO(b"GIF"), file_name="a.gif", mime_type="image/gif")
        with pytest.raises(LatchkeyError) as caught:
            latchkey.reports.add(body=AddReportBody(file=wrong, title="August"))
        assert caught.value.code == ProblemCode.UNSUPPORTED_MEDIA_TYPE
        assert caught.value.detail == 'The file "file" is image/gif. It may be text/plain.'


def test_follows_a_stream() -> None:
    with logged_in(ADMINISTRATOR) as (latchkey, _):
        for event in latchkey.revocations.follow():
            if RevocationPage.from_dict(event.json()).complete:
                break
        else:
            pytest.fail("the stream ended")
        assert event.id


def test_fetches_no_page_that_is_not_needed() -> None:
    with logged_in(ADMINISTRATOR) as (latchkey, watched):
        next(walk(list_users.sync, client=latchkey.api, limit=2))
        assert watched.sent.count("GET /users") == 1


def test_ends_its_session() -> None:
    with logged_in(user(2)) as (latchkey, watched):
        tokens = latchkey.tokens
        latchkey.logout()
        assert latchkey.tokens is None
        latchkey.logout()
        assert watched.sent.count("POST /logout") == 1
    with Latchkey(URL, tokens=tokens) as again, pytest.raises(LatchkeyError) as caught:
        get_protected.sync(client=again.api)
    assert caught.value.code == ProblemCode.INVALID_REFRESH_TOKEN


def test_deletes_the_tokens_even_if_the_service_cannot_be_reached() -> None:
    with logged_in(user(3)) as (latchkey, watched):
        watched.fails_at.add("POST /logout")
        with pytest.raises(httpx.ConnectError):
            latchkey.logout()
        assert latchkey.tokens is None


def test_stores_the_tokens_that_come_with_a_new_password() -> None:
    with logged_in(ADMINISTRATOR) as (administrator, _):
        body = CreateUserRequest(username="python-changes", password="a first password")
        create_user.sync(client=administrator.api, body=body)
    with logged_in(("python-changes", "a first password")) as (latchkey, watched):
        before = latchkey.tokens
        with pytest.raises(LatchkeyError) as caught:
            latchkey.change_password("the wrong one", "a second password")
        assert caught.value.code == ProblemCode.WRONG_PASSWORD
        after = latchkey.change_password("a first password", "a second password")
        assert before
        assert after.access_token != before.access_token
        assert after.login == before.login
        assert my_name(latchkey) == "python-changes"
        assert "POST /refresh" not in watched.sent


def test_sends_no_token_if_the_operation_takes_none() -> None:
    clock = Clock()
    with logged_in(user(4), clock=clock) as (latchkey, watched):
        clock.time += 1_000_000
        assert unwrap(get_live.sync(client=latchkey.api)).status == "ok"
        assert "POST /refresh" not in watched.sent


def test_raises_the_error_of_an_oauth_endpoint() -> None:
    request = TokenRequest(grant_type="client_credentials", client_id="nobody", client_secret="wrong")
    with logged_in(user(4)) as (latchkey, _), pytest.raises(LatchkeyOAuthError) as caught:
        exchange_grant.sync(client=latchkey.api, body=request)
    assert (caught.value.status, caught.value.code) == (401, "invalid_client")


@pytest.mark.parametrize("status", [200, 302, 502])
def test_raises_another_error_for_a_page_of_another_server(status: int) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"Content-Type": "text/html"}, text="<h1>A proxy</h1>")

    with Latchkey("http://proxy.example.com", transport=httpx.MockTransport(respond)) as latchkey:
        for call in (
            lambda: latchkey.login("ada", "a password"),
            latchkey.users.list,
            latchkey.sessions.end_other_sessions,  # has no body: it must not pass for done
        ):
            with pytest.raises(UnexpectedResponseError, match=f"responded with {status}") as caught:
                call()
            assert caught.value.status == status
            assert "A proxy" in caught.value.body


def test_accepts_an_unknown_code() -> None:
    response = httpx.Response(418, request=httpx.Request("GET", URL))
    error = LatchkeyError({"code": "not_in_the_list", "detail": "Something new."}, response)
    assert error.code == "not_in_the_list"


def test_unwrap_raises_for_an_operation_called_with_another_client() -> None:
    problem = ProblemDetails("about:blank", "Title", 404, "Detail", ProblemCode.NOT_FOUND)
    with pytest.raises(TypeError):
        unwrap(problem)


def test_starts_with_the_tokens_of_an_earlier_login_and_reports_changes() -> None:
    changes: list[Tokens | None] = []
    with logged_in(user(5)) as (latchkey, _):
        stored = asdict(latchkey.tokens) if latchkey.tokens else {}
    with Latchkey(f"{URL}/", tokens=Tokens(**stored), on_change=changes.append) as latchkey:
        revoke_access_tokens()
        assert my_name(latchkey) == "user-05"
        assert changes == [latchkey.tokens]
        latchkey.logout()
        assert changes[-1] is None


def test_shows_no_token_in_a_log() -> None:
    text = repr(Tokens("the access token", "the refresh token", 2_000_000.0, 900, "users:read", "login"))
    assert "users:read" in text
    assert "token=" not in text
    assert "the " not in text


def test_works_under_a_path() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"message": "hello"})

    tokens = Tokens("access", "refresh", 2_000_000.0, 900, "", "login")
    with Latchkey(
        "https://example.com/auth", tokens=tokens, clock=Clock(), transport=httpx.MockTransport(respond)
    ) as latchkey:
        get_protected.sync(client=latchkey.api)
    assert str(seen[0].url) == "https://example.com/auth/protected"
    assert seen[0].headers["Authorization"] == "Bearer access"


# Refreshes


def test_one_refresh_serves_20_threads_whose_token_is_refused() -> None:
    with logged_in(user(11)) as (latchkey, watched):
        revoke_access_tokens()
        with ThreadPoolExecutor(20) as threads:
            names = set(threads.map(lambda _: my_name(latchkey), range(20)))
        assert names == {"user-11"}
        assert watched.sent.count("POST /refresh") == 1
        assert watched.sent.count("GET /me") <= 40


def test_one_refresh_serves_20_threads_whose_token_has_expired() -> None:
    clock = Clock()
    with logged_in(user(12), clock=clock) as (latchkey, watched):
        clock.time += 100_000
        with ThreadPoolExecutor(20) as threads:
            names = set(threads.map(lambda _: my_name(latchkey), range(20)))
        assert names == {"user-12"}
        assert watched.sent.count("POST /refresh") == 1
        assert watched.sent.count("GET /me") == 20


def test_refreshes_shortly_before_the_token_expires_and_not_earlier() -> None:
    clock = Clock()
    with logged_in(user(13), clock=clock, margin=10) as (latchkey, watched):
        assert latchkey.tokens
        clock.time = latchkey.tokens.expires_at - 11
        my_name(latchkey)
        assert "POST /refresh" not in watched.sent
        clock.time += 2
        my_name(latchkey)
        assert watched.sent.count("POST /refresh") == 1


def test_does_not_refresh_at_once_tokens_with_a_lifetime_below_the_margin() -> None:
    clock = Clock()
    with logged_in(user(30), clock=clock, margin=100_000) as (latchkey, watched):
        my_name(latchkey)
        assert "POST /refresh" not in watched.sent
        assert latchkey.tokens
        clock.time += latchkey.tokens.expires_in / 2
        my_name(latchkey)
        my_name(latchkey)
        assert watched.sent.count("POST /refresh") == 1


def test_sends_the_request_again_with_its_body() -> None:
    def put(client: Latchkey, *permissions: str, description: str) -> str:
        body = PutRoleRequest(permissions=list(permissions), description=description)
        return unwrap(put_role.sync("python", client=client.api, body=body)).description

    with logged_in(ADMINISTRATOR) as (administrator, _):
        put(administrator, "roles:write", description="at first")
        new = CreateUserRequest(username="python-roles", password="a first password", roles=["python"])
        create_user.sync(client=administrator.api, body=new)
        with logged_in(("python-roles", "a first password")) as (latchkey, watched):
            put(administrator, "roles:write", "roles:read", description="then")
            assert put(latchkey, "roles:write", description="in the end") == "in the end"
            assert watched.sent.count("PUT /roles/python") == 2
            assert watched.sent.count("POST /refresh") == 1


def test_a_request_that_is_refused_again_fails() -> None:
    sent: list[str] = []
    live = httpx.HTTPTransport()

    def refuse_me(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        if request.url.path != "/me":
            return live.handle_request(request)
        return httpx.Response(401, json={"code": "invalid_token", "detail": "No."})

    with Latchkey(URL, transport=httpx.MockTransport(refuse_me)) as latchkey:
        latchkey.login(*user(14))
        with pytest.raises(LatchkeyError) as caught:
            my_name(latchkey)
        assert caught.value.code == ProblemCode.INVALID_TOKEN
        assert sent == ["/login", "/me", "/refresh", "/me"]
        assert latchkey.tokens


def test_does_not_refresh_for_any_other_refusal() -> None:
    with logged_in(user(15)) as (latchkey, watched):
        with pytest.raises(LatchkeyError):
            list_users.sync(client=latchkey.api)
        assert "POST /refresh" not in watched.sent


def test_a_refused_refresh_deletes_the_tokens_and_raises_for_all_waiting() -> None:
    with logged_in(user(16)) as (latchkey, watched):
        me = unwrap(get_me.sync(client=latchkey.api))
        with logged_in(ADMINISTRATOR) as (administrator, _):
            end_user_sessions.sync_detailed(me.id, client=administrator.api)
        watched.held["POST /refresh"] = threading.Event()

        def code(_: int) -> str:
            with pytest.raises(LatchkeyError) as caught:
                my_name(latchkey)
            return caught.value.code

        with ThreadPoolExecutor(20) as threads:
            codes = [threads.submit(code, number) for number in range(20)]
            wait_until_sent(watched, "GET /me", 21)
            watched.held["POST /refresh"].set()
            # Requests after the tokens were deleted are refused as such.
            told = {each.result() for each in codes}
        assert ProblemCode.INVALID_REFRESH_TOKEN in told
        assert told <= {ProblemCode.INVALID_REFRESH_TOKEN, ProblemCode.INVALID_TOKEN}
        assert watched.sent.count("POST /refresh") == 1
        assert latchkey.tokens is None


def test_a_refresh_that_fails_otherwise_keeps_the_tokens() -> None:
    with logged_in(user(17)) as (latchkey, watched):
        revoke_access_tokens()
        watched.fails_at.add("POST /refresh")
        with pytest.raises(httpx.ConnectError):
            my_name(latchkey)
        watched.fails_at.clear()
        assert my_name(latchkey) == "user-17"


def test_a_logout_waits_for_the_refresh_and_ends_the_session() -> None:
    with logged_in(user(18)) as (latchkey, watched):
        revoke_access_tokens()
        watched.held["POST /refresh"] = threading.Event()
        with ThreadPoolExecutor(2) as threads:
            call = threads.submit(my_name, latchkey)
            wait_until_sent(watched, "POST /refresh", 1)
            logout = threads.submit(latchkey.logout)
            watched.held["POST /refresh"].set()
            logout.result()
            assert call.exception() is None or isinstance(call.exception(), LatchkeyError)
        assert latchkey.tokens is None
        assert [what for what in watched.sent if what in {"POST /refresh", "POST /logout"}] == [
            "POST /refresh",
            "POST /logout",
        ]


def test_does_not_send_one_users_request_with_the_next_users_token() -> None:
    with logged_in(user(19)) as (latchkey, watched):
        revoke_access_tokens()
        watched.held["GET /me"] = threading.Event()
        with ThreadPoolExecutor(1) as threads:
            call = threads.submit(my_name, latchkey)
            wait_until_sent(watched, "GET /me", 1)
            latchkey.login(*user(20))
            watched.held["GET /me"].set()
            error = call.exception()
        assert isinstance(error, LatchkeyError)
        assert error.code == ProblemCode.INVALID_TOKEN
        assert my_name(latchkey) == "user-20"


def wait_until_sent(watched: Watched, what: str, times: int) -> None:
    done = threading.Event()
    for _ in range(1000):
        if watched.sent.count(what) >= times:
            return
        done.wait(0.01)
    raise AssertionError(f"{what} was not sent {times} times: {watched.sent}")
