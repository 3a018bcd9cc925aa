from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latchkey_client import (
    AsyncLatchkey,
    Latchkey,
    LatchkeyError,
    ProblemCode,
    SecondFactorRequired,
    StepUpRequired,
    Tokens,
)
from latchkey_client.api.own_account import confirm_totp
from latchkey_client.models import (
    AddPasskeyRequest,
    ConfirmedTotp,
    PasskeyCreationOptionsRequest,
    PasskeyLoginOptionsRequest,
    TotpCode,
)
from live import (
    FACTOR_USER,
    RECOVERY_CODES,
    URL,
    Clock,
    NewUser,
    async_logged_in,
    logged_in,
    totp,
    user,
)

CREDENTIAL: dict[str, Any] = {
    "id": "AAAAAAAAAAAAAAAAAAAAAA",
    "rawId": "AAAAAAAAAAAAAAAAAAAAAA",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"},
}
"""What a browser might send, signed by nobody."""


def demand(latchkey: Latchkey, **options: Any) -> SecondFactorRequired:
    with pytest.raises(SecondFactorRequired) as caught:
        latchkey.login(*FACTOR_USER, **options)
    return caught.value


def test_finishes_a_login_with_a_code() -> None:
    with Latchkey(URL) as latchkey:
        required = demand(latchkey)
        assert required.code == ProblemCode.SECOND_FACTOR_REQUIRED
        assert required.methods == ["totp", "recovery_code"]
        assert 200 < required.expires_in <= 300
        assert required.login_token not in str(required)
        with pytest.raises(LatchkeyError) as caught:
            latchkey.finish_login(required, "000 000")
        assert caught.value.code == ProblemCode.WRONG_SECOND_FACTOR
        assert latchkey.tokens is None
        assert latchkey.finish_login(required, RECOVERY_CODES[0]) == latchkey.tokens
        assert latchkey.own_account.get_me().username == FACTOR_USER[0]


def test_says_what_a_step_up_asks_for() -> None:
    with logged_in(user(37)) as (latchkey, _):
        with pytest.raises(StepUpRequired) as caught:
            latchkey.reports.remove()
        assert (caught.value.acr_values, caught.value.max_age) == (["aal2"], 300)
        required = demand(latchkey, acr_values=caught.value.acr_values)
        latchkey.finish_login(required, RECOVERY_CODES[1])
        latchkey.reports.remove()


def test_passes_on_the_json_of_a_passkey() -> None:
    with Latchkey(URL) as latchkey:
        options = latchkey.sessions.create_passkey_login_options(body=PasskeyLoginOptionsRequest())
        assert options.to_dict()["rpId"] == "localhost"
        with pytest.raises(LatchkeyError) as caught:
            latchkey.login_with_passkey(CREDENTIAL)
        assert caught.value.code == ProblemCode.INVALID_PASSKEY
        with pytest.raises(LatchkeyError) as caught:
            latchkey.login_with_passkey(CREDENTIAL, demand(latchkey))
        assert caught.value.code == ProblemCode.WRONG_SECOND_FACTOR


def test_finishes_a_login_of_tasks() -> None:
    async def run() -> None:
        async with AsyncLatchkey(URL) as latchkey:
            with pytest.raises(SecondFactorRequired) as caught:
                await latchkey.login(*FACTOR_USER, acr_values=["aal2"])
            with pytest.raises(LatchkeyError) as refused:
                await latchkey.login_with_passkey(CREDENTIAL, caught.value)
            assert refused.value.code == ProblemCode.WRONG_SECOND_FACTOR
            tokens = await latchkey.finish_login(caught.value, RECOVERY_CODES[2])
            assert latchkey.tokens == tokens
            await latchkey.reports.remove()

    asyncio.run(run())


CONFIRM = "POST /me/second-factors/totp/confirm"


def level(tokens: Tokens | None) -> str:
    """Return the level that the tokens say."""
    assert tokens
    claims = tokens.access_token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["acr"])


def confirm(latchkey: Latchkey, code: str) -> list[str]:
    return latchkey.confirm_totp(f"{code[:3]} {code[3:]}")


def call_confirm(latchkey: Latchkey, code: str) -> list[str]:
    return latchkey.own_account.confirm_totp(body=TotpCode(code)).recovery_codes


def call_confirm_in_detail(latchkey: Latchkey, code: str) -> list[str]:
    response = confirm_totp.sync_detailed(client=latchkey.api, body=TotpCode(code))
    assert isinstance(response.parsed, ConfirmedTotp)
    return response.parsed.recovery_codes


@pytest.mark.parametrize("way", [confirm, call_confirm, call_confirm_in_detail])
def test_goes_on_with_the_tokens_that_come_with_a_second_factor(
    way: Callable[[Latchkey, str], list[str]],
) -> None:
    added = NewUser(way.__name__)
    with logged_in(added.credentials) as (latchkey, watched):
        before = latchkey.tokens
        assert before
        assert level(before) == "aal1"
        secret = latchkey.own_account.begin_totp().secret
        with pytest.raises(LatchkeyError) as caught:
            latchkey.confirm_totp("000 000")
        assert caught.value.code == ProblemCode.WRONG_SECOND_FACTOR
        assert latchkey.tokens == before
        assert len(way(latchkey, totp(secret))) == 10
        assert level(latchkey.tokens) == "aal2"
        assert latchkey.tokens.login == before.login
        assert "POST /refresh" not in watched.sent
        added.permit("factors:write")
        assert latchkey.own_account.get_me().second_factors == ["totp"]
        assert watched.sent.count("POST /refresh") == 1
        assert level(latchkey.tokens) == "aal2"
    # The tokens before are those of a thief.
    with Latchkey(URL, tokens=replace(before, expires_at=0)) as thief:
        with pytest.raises(LatchkeyError) as caught:
            thief.own_account.get_me()
        assert caught.value.code == ProblemCode.INVALID_REFRESH_TOKEN


def test_does_not_refresh_while_a_second_factor_is_added() -> None:
    added, clock = NewUser("threads"), Clock()
    with logged_in(added.credentials, clock=clock) as (latchkey, watched), ThreadPoolExecutor(5) as threads:
        secret = latchkey.own_account.begin_totp().secret
        added.permit("factors:write")  # the confirmation is sent again after a refresh
        watched.answered[CONFIRM] = threading.Event()
        confirmed = threads.submit(latchkey.confirm_totp, totp(secret))
        while watched.sent.count(CONFIRM) < 2:
            time.sleep(0.01)
        clock.time += 1_000_000
        others = [threads.submit(latchkey.own_account.get_me) for _ in range(4)]
        watched.answered[CONFIRM].set()
        assert len(confirmed.result()) == 10
        for other in others:
            other.result()
        assert watched.sent.count("POST /refresh") == 1
        assert level(latchkey.tokens) == "aal2"


def test_does_not_refresh_while_a_second_factor_is_added_by_a_task() -> None:
    added, clock = NewUser("tasks"), Clock()

    async def run() -> None:
        async with async_logged_in(added.credentials, clock=clock) as (latchkey, watched):
            secret = (await latchkey.own_account.begin_totp()).secret
            added.permit("factors:write")  # the confirmation is sent again after a refresh
            watched.answered[CONFIRM] = asyncio.Event()
            confirmed = asyncio.create_task(latchkey.confirm_totp(totp(secret)))
            while watched.sent.count(CONFIRM) < 2:
                await asyncio.sleep(0)
            clock.time += 1_000_000
            others = [asyncio.create_task(latchkey.own_account.get_me()) for _ in range(4)]
            await asyncio.sleep(0)
            watched.answered[CONFIRM].set()
            assert len(await confirmed) == 10
            await asyncio.gather(*others)
            assert watched.sent.count("POST /refresh") == 1
            assert level(latchkey.tokens) == "aal2"

    asyncio.run(run())


def test_stores_the_tokens_though_the_task_is_canceled() -> None:
    async def run() -> None:
        async with async_logged_in(NewUser("canceled").credentials) as (latchkey, watched):
            secret = (await latchkey.own_account.begin_totp()).secret
            watched.answered[CONFIRM] = asyncio.Event()
            given_up = asyncio.create_task(latchkey.confirm_totp(totp(secret)))
            while CONFIRM not in watched.sent:
                await asyncio.sleep(0)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            watched.answered[CONFIRM].set()
            await latchkey.change_password("a password for the tests", "another one for the tests")
            assert level(latchkey.tokens) == "aal2"

    asyncio.run(run())


def registration(challenge: str) -> dict[str, Any]:
    """Return what a browser makes without attestation, which nobody signs."""
    client_data = {"type": "webauthn.create", "challenge": challenge, "origin": "http://localhost:8080"}
    credential_id = secrets.token_bytes(16)
    data = hashlib.sha256(b"localhost").digest() + b"\x45" + bytes(20) + b"\x00\x10" + credential_id
    data += bytes.fromhex(
        "a5010203262001"  # a key of ES256, which is any point of its curve
        "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
    return {
        "id": base64url(credential_id),
        "rawId": base64url(credential_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": base64url(json.dumps(client_data).encode()),
            "attestationObject": base64url(attestation),
        },
    }


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_stores_the_tokens_that_come_with_a_passkey() -> None:
    added, clock = NewUser("passkey"), Clock()
    with logged_in(added.credentials, clock=clock) as (latchkey, watched):
        options = latchkey.own_account.create_passkey_options(body=PasskeyCreationOptionsRequest())
        body = AddPasskeyRequest.from_dict({"credential": registration(options.challenge)})
        passkey = latchkey.own_account.add_passkey(body=body)
        assert len(passkey.recovery_codes) == 10
        assert level(latchkey.tokens) == "aal2"
        clock.time += 1_000_000
        assert latchkey.own_account.get_me().second_factors == ["passkey"]
        assert watched.sent.count("POST /refresh") == 1


def test_shows_in_its_readme_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    section = readme.partition("## Second factors")[2].partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    codes = iter(RECOVERY_CODES[3:5])
    monkeypatch.setattr("builtins.input", lambda _: next(codes))
    with Latchkey(URL) as latchkey:
        names: dict[str, Any] = {"latchkey": latchkey, "username": FACTOR_USER[0], "password": FACTOR_USER[1]}
        for block in blocks:
            exec(block, names)  # noqa: S102 -- our own page
        latchkey.reports.remove()
