"""The stand-in for the service."""

import copy
import json
import operator
import pickle

import pytest
from conftest import until

from latchkey_guard import Guard, Refusal
from latchkey_guard.guard import check_demands
from latchkey_guard.testing import TestIssuer


@pytest.fixture
def guard(issuer):
    guard = Guard(**issuer.options, when_stale="refuse")
    guard.start(timeout=20)
    yield guard
    guard.close()


def code_of(guard: Guard, token: str, *demands: str) -> str:
    with pytest.raises(Refusal) as caught:
        guard.check(f"Bearer {token}", *demands)
    return caught.value.code


def test_gives_tokens_that_a_guard_accepts(issuer, guard):
    caller = guard.check(f"Bearer {issuer.token('a', 'b', subject='ada', claims={'tenant': 5})}", "a", "fresh:300")
    assert (caller.subject, caller.permissions, caller.claims["tenant"]) == ("ada", {"a", "b"}, 5)


def test_gives_tokens_of_any_age(issuer, guard):
    guard.check(f"Bearer {issuer.token(age=890)}")
    assert code_of(guard, issuer.token(age=301), "fresh:300") == "insufficient_user_authentication"
    assert code_of(guard, issuer.token(fresh=False), "fresh") == "insufficient_user_authentication"
    assert code_of(guard, issuer.token(age=901)) == "invalid_token"
    assert code_of(guard, issuer.token(), "mfa") == "insufficient_user_authentication"
    proved = issuer.token(second_factor=True, age=301)
    guard.check(f"Bearer {proved}", "mfa")
    assert code_of(guard, proved, "mfa:300") == "insufficient_user_authentication"
    with pytest.raises(Refusal) as caught:
        guard.check(f"Bearer {proved}", "mfa:300")
    assert caught.value.headers["WWW-Authenticate"].endswith('acr_values="aal2", max_age="300"')
    assert code_of(guard, issuer.token(claims={"mfa_enroll": True})) == "second_factor_enrollment_required"
    with pytest.raises(ValueError, match="mfa:soon"):
        check_demands(["mfa:soon"])
    guard.check(f"Bearer {issuer.token(age=901, lifetime=3600)}")


def test_gives_tokens_that_a_guard_refuses(issuer, guard):
    assert code_of(guard, issuer.token(), "reports:read") == "insufficient_scope"
    assert code_of(guard, issuer.token(audience="another")) == "invalid_token"
    assert code_of(guard, issuer.token(claims={"sid": None})) == "invalid_token"
    with TestIssuer() as other:
        assert code_of(guard, other.token()) == "invalid_token"


def test_revokes(issuer, guard):
    kept, ended = issuer.token(), issuer.token()
    guard.check(f"Bearer {ended}")
    issuer.revoke(ended)

    def is_refused() -> bool:
        try:
            guard.check(f"Bearer {ended}")
        except Refusal:
            return True
        return False

    until(is_refused)
    guard.check(f"Bearer {kept}")


def test_answers_introspection(issuer):
    guard = Guard(**issuer.options)
    token, ended = issuer.token(), issuer.token()
    issuer.revoke(ended)
    guard._feed.begin = lambda: None
    guard.check(f"Bearer {token}")
    assert code_of(guard, ended) == "invalid_token"


ADDRESS = {"city": "London", "lines": ["12 St James's Square"], "geo": {"lat": 51.5}}
CHANGES_OF_LISTS = (
    lambda each: each.append("x"),
    lambda each: each.extend(["x"]),
    lambda each: each.insert(0, "x"),
    lambda each: each.pop(),
    lambda each: each.remove(each[0]),
    lambda each: each.clear(),
    lambda each: each.sort(key=str),
    lambda each: each.reverse(),
    lambda each: each.__setitem__(0, "x"),
    lambda each: each.__setitem__(slice(None), ["x"]),
    lambda each: each.__delitem__(0),
    lambda each: operator.iadd(each, ["x"]),
    lambda each: operator.imul(each, 2),
)
CHANGES_OF_OBJECTS = (
    lambda each: each.__setitem__("x", 1),
    lambda each: each.__delitem__("city"),
    lambda each: each.update(x=1),
    lambda each: each.setdefault("x", 1),
    lambda each: each.pop("city"),
    lambda each: each.popitem(),
    lambda each: each.clear(),
    lambda each: operator.ior(each, {"x": 1}),
)


def test_claims_that_a_handler_tries_to_change_are_the_same_in_the_next_check(issuer, guard):
    authorization = f"Bearer {issuer.token(roles=['reader'], claims={'address': ADDRESS, 'all': [[1], [2]]})}"
    claims = guard.check(authorization).claims
    for each, changes in (
        (claims["roles"], CHANGES_OF_LISTS),
        (claims["all"][0], CHANGES_OF_LISTS),
        (claims["address"]["lines"], CHANGES_OF_LISTS),
        (claims["address"], CHANGES_OF_OBJECTS),
    ):
        for change in changes:
            with pytest.raises(TypeError, match="cannot be changed"):
                change(each)
    again = guard.check(authorization).claims
    assert (again["roles"], again["address"], again["all"]) == (["reader"], ADDRESS, [[1], [2]])


def test_claims_are_used_like_lists_and_dictionaries(issuer, guard):
    claims = guard.check(f"Bearer {issuer.token(roles=['reader'], claims={'address': ADDRESS})}").claims
    assert isinstance(claims["roles"], list) and isinstance(claims["address"], dict)
    assert [*claims["roles"], "x"] == claims["roles"] + ["x"] == ["reader", "x"]
    assert json.loads(json.dumps(dict(claims)))["address"] == ADDRESS
    for copied in (copy.deepcopy(dict(claims)), pickle.loads(pickle.dumps(dict(claims)))):
        assert copied == claims
        copied["address"]["lines"].append("x")
        copied["roles"].append("x")
    assert (claims["roles"], claims["address"]) == (["reader"], ADDRESS)
