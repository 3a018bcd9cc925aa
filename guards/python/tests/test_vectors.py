"""Token and key vectors that the service and the Node guard pass, too; test/vectors/make.ts generates them."""

from __future__ import annotations

import base64
import json

import pytest
from conftest import CHECKOUT

from latchkey_guard.compact_jws import read_header
from latchkey_guard.keys import KeySet
from latchkey_guard.refusal import Refusal
from latchkey_guard.tokens import AccessTokens

VECTORS = json.loads((CHECKOUT / "test/vectors/access-tokens.json").read_text())


class Published:
    """A service that publishes these keys."""

    def __init__(self, *keys: dict) -> None:
        self._keys = list(keys)

    def keys(self):
        return self._keys, 300


def tokens_with(*keys: dict, warn=lambda _message: None) -> AccessTokens:
    key_set = KeySet(Published(*keys), lambda: 10_000.0, warn)
    return AccessTokens(key_set, lambda: VECTORS["now"], VECTORS["issuer"], [VECTORS["issuer"]], 0)


def code_of(tokens: AccessTokens, token: str) -> str:
    try:
        tokens.verify(token)
    except Refusal as refusal:
        return refusal.code
    return "accepted"


def test_accepts_each_algorithm():
    tokens = tokens_with(*VECTORS["keys"])
    for vector in VECTORS["accepted"]:
        assert code_of(tokens, vector["token"]) == "accepted", vector["name"]


def test_refuses_each_in_another_encoding():
    tokens = tokens_with(*VECTORS["keys"])
    for vector in [*VECTORS["accepted"], *VECTORS["refused"]]:
        wanted = "accepted" if vector in VECTORS["accepted"] else "invalid_token"
        assert code_of(tokens, vector["token"]) == wanted, vector["name"]


@pytest.mark.parametrize("vector", VECTORS["badKeys"], ids=lambda vector: vector["name"])
def test_refuses_unsafe_keys(vector):
    warnings: list[str] = []
    tokens = tokens_with(vector["jwk"], VECTORS["keys"][0], warn=warnings.append)
    assert code_of(tokens, vector["token"]) == "invalid_token"
    assert code_of(tokens, VECTORS["accepted"][0]["token"]) == "accepted"
    # A guard knows no symmetric algorithms.
    assert len(warnings) == (0 if vector["jwk"]["kty"] == "oct" else 1), warnings


def test_refuses_a_key_with_the_kid_of_another_one():
    warnings: list[str] = []
    one, other = VECTORS["keys"][:2]
    tokens = tokens_with(one, {**other, "kid": one["kid"]}, warn=warnings.append)
    assert code_of(tokens, VECTORS["accepted"][0]["token"]) == "invalid_token"
    assert len(warnings) == 2


def test_reads_a_header_with_numbers_in_the_format_of_javascript():
    for text in ('{"x":1e-7}', '{"x":1e+21}', '{"x":0.1}', '{"x":100000000000000000000}', '{"x":"\u2028é🔑\\u001f"}'):
        assert read_header(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")) is not None, text
    for text in ('{"x":1, "y":2}', '{"x":1,"x":1}', '{"x":NaN}', "[]", "null", "1", "{", '{"x":"\\u00e9"}', "[" * 5000):
        assert read_header(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")) is None, text
