from __future__ import annotations

import asyncio
import re
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
)
from latchkey_client.models import PasskeyLoginOptionsRequest
from live import FACTOR_USER, RECOVERY_CODES, URL, logged_in, user

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
