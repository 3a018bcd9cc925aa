from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request

import jwt
import pytest
from conftest import until
from cryptography.hazmat.primitives.asymmetric import ec

from latchkey_guard import Guard, Refusal, ServiceRefused
from latchkey_guard.service import ServiceError


def refusal(guard: Guard, authorization: str | None, *demands: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        guard.check(authorization, *demands)
    return caught.value


def sign(claims: dict, key, alg: str, header: dict) -> str:
    """A JWT with any header: PyJWT itself writes only valid ones."""
    texts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    parts = [base64.urlsafe_b64encode(text).rstrip(b"=") for text in texts]
    algorithm = jwt.get_algorithm_by_name(alg)
    signature = algorithm.sign(b".".join(parts), algorithm.prepare_key(key))
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def is_refused(guard: Guard, token: str) -> bool:
    try:
        guard.check(f"Bearer {token}")
    except Refusal as error:
        assert error.code == "invalid_token"
        return True
    return False


def bearer(service, **credentials: str) -> str:
    return f"Bearer {service.login(**credentials)['access_token']}"


class TestAccepts:
    def test_a_request_with_a_valid_token(self, service, make_guard):
        token = service.login()["access_token"]
        me = service.good("GET", "/me", token=token)
        caller = make_guard().check(f"Bearer {token}", "users:read", "fresh", "fresh:300")
        assert (caller.subject, caller.session_id) == (me["id"], me["session_id"])
        assert caller.permissions == set(me["permissions"])
        with pytest.raises(TypeError):
            caller.claims["sub"] = "another"
        with pytest.raises(TypeError):
            caller.claims["roles"].append("another")

    def test_a_clients_own_token(self, service, make_guard):
        client = service.create_client("reports:read")
        caller = make_guard().check(f"Bearer {service.client_token(client)}", "reports:read")
        assert (caller.subject, caller.session_id) == (client["client_id"], None)

    def test_the_same_token_again_without_a_request_to_the_service(self, service, make_guard):
        guard = make_guard()
        authorization = bearer(service)
        caller = guard.check(authorization)
        guard._service._opener = None
        assert guard.check(authorization) is caller
        assert guard.check_at_once(authorization) is caller


class TestRespondsLikeTheService:
    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Bearer a b",
            "Bearer\ta",
            "Bearer a, Bearer a",
            "Basic YTpi",
            "Basic YTpi, Digest a=b",
            "Digest a=b, c=d",
            "eyJh.eyJz.c2ln",
            ",",
        ],
    )
    def test_without_a_token(self, service, make_guard, authorization):
        headers = {} if authorization is None else {"Authorization": authorization}
        request = urllib.request.Request(f"{service.url}/me", headers=headers)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        refused = refusal(make_guard(start=False), authorization)
        assert refused.headers["WWW-Authenticate"] == caught.value.headers["WWW-Authenticate"]
        expected = json.loads(caught.value.read())
        body = json.loads(refused.body(service.url))
        for field in ("type", "title", "status", "code"):
            assert body[field] == expected[field]

    def test_without_the_permission(self, service, make_guard):
        service.create_user("ada")
        authorization = bearer(service, username="ada", password="the password of ada")
        guard = make_guard()
        refused = refusal(guard, authorization, "users:read", "fresh")
        assert (refused.status, refused.code) == (403, "insufficient_scope")
        challenge = 'Bearer realm="latchkey", error="insufficient_scope", scope="users:read"'
        assert refused.headers["WWW-Authenticate"] == challenge
        assert "users:read" in refused.detail

    def test_with_a_login_that_is_too_old(self, service, make_guard, clocks):
        guard = make_guard()
        tokens = service.login()
        refreshed = service.good("POST", "/refresh", {"refresh_token": tokens["refresh_token"]})
        refused = refusal(guard, f"Bearer {refreshed['access_token']}", "fresh")
        assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
        assert 'max_age="900"' in refused.headers["WWW-Authenticate"]
        clocks.ahead = 310
        refused = refusal(guard, f"Bearer {tokens['access_token']}", "fresh:300")
        assert 'max_age="300"' in refused.headers["WWW-Authenticate"]


class TestRefuses:
    def test_an_expired_token_after_the_leeway(self, service, make_guard, clocks):
        strict, lenient = make_guard(), make_guard(leeway=60)
        token = service.login()["access_token"]
        assert not is_refused(strict, token)
        clocks.ahead = 910
        assert "expired" in refusal(strict, f"Bearer {token}").detail
        assert not is_refused(lenient, token)
        clocks.ahead = 970
        assert is_refused(lenient, token)

    def test_a_token_for_another_audience(self, service, make_guard):
        guard = make_guard(audience=["https://one.example", "https://two.example"])
        assert "for another service" in refusal(guard, bearer(service)).detail
        two = service.create_client("", audiences=["https://two.example"])
        guard.check(f"Bearer {service.client_token(two)}")

    def test_forged_tokens(self, service, make_guard):
        token = service.login()["access_token"]
        header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
        head, body, signature = token.split(".")
        key = ec.generate_private_key(ec.SECP256R1())
        guard = make_guard()

        def forged(secret=key, how="ES256", **changes: object) -> str:
            return sign(claims, secret, how, {**header, **changes})

        for bad, detail in [
            (forged(), "signature is wrong"),
            (forged(kid="another"), "not signed with a key"),
            (forged(kid=None), ""),
            (sign(claims, key, "ES256", {"alg": "ES256", "typ": "at+jwt"}), "not signed with a key"),
            (forged(typ="JWT"), ""),
            (forged(typ="id+jwt"), "not an access token"),
            (forged(crit=["x"], x=1), ""),
            (forged("a" * 64, "HS256", alg="HS256"), "another algorithm"),
            (forged(None, "none", alg="none"), "another algorithm"),
            (f"{head}.{body}.", "signature is wrong"),
            (f"{head}.e30.{signature}", "signature is wrong"),
            (f"{head}.{body}", "not a JWT"),
            ("abc", "not a JWT"),
            ("a" * 9000, "too long"),
        ]:
            refused = refusal(guard, f"Bearer {bad}")
            assert refused.code == "invalid_token"
            assert detail in refused.detail, bad


class TestLearnsFromTheFeed:
    def test_of_a_logout(self, service, make_guard):
        guard = make_guard()
        tokens = service.login()
        assert not is_refused(guard, tokens["access_token"])
        service.log_out(tokens["access_token"])
        until(lambda: is_refused(guard, tokens["access_token"]))
        assert "revoked" in refusal(guard, f"Bearer {tokens['access_token']}").detail

    def test_of_a_logout_before_it_began(self, service, make_guard):
        token = service.login()["access_token"]
        service.log_out(token)
        assert is_refused(make_guard(), token)

    def test_of_a_single_revoked_token(self, service, make_guard):
        guard = make_guard()
        tokens = service.login()
        client = service.create_client("tokens:revoke")
        assert service.post_form("/oauth/revoke", {"token": tokens["access_token"]}, client)[0] == 200
        until(lambda: is_refused(guard, tokens["access_token"]))
        again = service.good("POST", "/refresh", {"refresh_token": tokens["refresh_token"]})
        assert not is_refused(guard, again["access_token"])

    def test_of_a_change_of_roles_that_revokes_earlier_tokens_alone(self, service, make_guard):
        guard = make_guard()
        admin = service.login()["access_token"]
        user = service.create_user("bea")
        old = service.login(username="bea", password="the password of bea")
        assert not is_refused(guard, old["access_token"])
        service.good("PATCH", f"/users/{user['id']}", {"roles": ["admin"]}, admin)
        until(lambda: is_refused(guard, old["access_token"]))
        young = service.good("POST", "/refresh", {"refresh_token": old["refresh_token"]})
        guard.check(f"Bearer {young['access_token']}", "users:read")
        service.good("DELETE", f"/users/{user['id']}", token=admin)
        until(lambda: is_refused(guard, young["access_token"]))

    def test_and_drops_expired_revocations(self, service, make_guard, clocks):
        guard = make_guard()
        service.log_out(service.login()["access_token"])
        until(lambda: len(guard) > 0)
        clocks.ahead = 2 * 86_400
        clocks.elapsed = 61
        until(lambda: len(guard) == 0)
        assert guard  # one that holds nothing is a guard all the same


class TestWhileTheFeedIsStale:
    """The feed of these guards is always older than its bound: their clock runs ahead at each reading."""

    @pytest.fixture
    def make_stale(self, make_guard, clocks, service):
        def make(**others):
            guard = make_guard(**others)
            guard.check(bearer(service))
            clocks.elapsed = 100
            guard.close()  # nothing comes any more
            guard._feed._thread.join(5)
            clocks.elapsed = 200
            return guard

        return make

    def test_the_service_is_asked_about_each_token_once_within_the_bound(self, service, make_stale, clocks):
        guard = make_stale()
        asked = []
        ask = guard._service.introspect
        guard._service.introspect = lambda token: asked.append(token) or ask(token)
        token = service.login()["access_token"]
        for _ in range(3):
            guard.check(f"Bearer {token}")
        assert len(asked) == 1
        clocks.elapsed += 4
        service.log_out(token)
        assert "revoked" in refusal(guard, f"Bearer {token}").detail
        assert len(asked) == 2
        assert guard.check_at_once(bearer(service)) is None

    def test_all_is_refused_with_when_stale_refuse(self, service, make_stale):
        refused = refusal(make_stale(when_stale="refuse"), bearer(service))
        assert (refused.status, refused.code) == (503, "not_ready")
        assert refused.headers["Retry-After"] == "1"

    def test_all_is_accepted_with_one_warning_with_when_stale_accept(self, service, make_stale):
        warnings = []
        guard = make_stale(when_stale="accept", warn=warnings.append)
        for _ in range(3):
            guard.check(bearer(service))
        assert len([warning for warning in warnings if "may be revoked" in warning]) == 1


class TestOverAnOutage:
    def test_refuses_with_503_and_receives_the_revocations_since(self, tmp_path, make_guard, clocks):
        from conftest import Service

        own = Service(tmp_path)
        try:
            client = own.create_client("revocations:read", introspection_audiences=[own.url])
            warnings = []
            guard = make_guard(
                issuer=own.url,
                audience=own.url,
                client_id=client["client_id"],
                client_secret=client["client_secret"],
                warn=warnings.append,
            )
            kept, ended = own.login()["access_token"], own.login()["access_token"]
            guard.check(f"Bearer {kept}")
            own.log_out(ended)
            until(lambda: is_refused(guard, ended))
            own.kill()
            until(lambda: warnings)
            guard.check(f"Bearer {kept}")  # within the bound
            clocks.elapsed = 10
            refused = refusal(guard, f"Bearer {kept}")
            assert refused.status == 503
            assert is_refused(guard, ended)
            own.start()
            until(lambda: guard.is_current)
            guard.check(f"Bearer {kept}")
            assert is_refused(guard, ended)
            assert len(warnings) == 1
        finally:
            own.kill()


class TestTheKeys:
    def test_are_read_once_within_max_age_and_at_intervals_for_unknown_ones(
        self, service, make_guard, clocks
    ):
        guard = make_guard()
        read = []
        keys = guard._service.keys
        guard._service.keys = lambda: read.append(1) or keys()
        token = service.login()["access_token"]
        guard.check(f"Bearer {token}")
        assert len(read) == 0
        clocks.elapsed = 301
        threads = [threading.Thread(target=guard.check, args=(f"Bearer {token}",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(read) == 1
        head = jwt.get_unverified_header(token)
        key = ec.generate_private_key(ec.SECP256R1())
        clocks.elapsed += 6
        for number in range(5):
            refusal(guard, f"Bearer {sign({}, key, 'ES256', {**head, 'kid': f'made up {number}'})}")
        assert len(read) == 2

    def test_are_used_for_an_hour_while_they_cannot_be_read(self, service, make_guard, clocks):
        guard = make_guard(when_stale="accept", warn=lambda _: None)
        token = service.login()["access_token"]
        guard.check(f"Bearer {token}")
        keys = guard._service.keys

        def fail():
            raise ServiceError("It is down.")

        guard._service.keys = fail
        clocks.elapsed = 400
        guard.check(f"Bearer {token}")
        clocks.elapsed = 4000
        assert refusal(guard, f"Bearer {token}").status == 503
        guard._service.keys = keys
        clocks.elapsed = 4006
        guard.check(f"Bearer {token}")


class TestStart:
    def test_at_the_first_check_with_introspection_until_the_feed_is_complete(self, service, make_guard):
        guard = make_guard(start=False)
        assert not guard.is_current
        guard.check(bearer(service))
        until(lambda: guard.is_current)

    def test_says_that_a_service_with_a_shared_secret_has_no_public_keys_and_blames_no_token(self, issuer):
        warnings: list[str] = []
        guard = Guard(**issuer.options, warn=warnings.append)
        guard._service.keys = lambda: ([], 300)
        with pytest.raises(ServiceRefused, match="no public keys"):
            guard.start(timeout=20)
        refused = refusal(guard, f"Bearer {issuer.token()}")
        assert (refused.status, refused.code) == (503, "not_ready")
        assert len([warning for warning in warnings if "no public keys" in warning]) == 1
        guard.close()

    @pytest.mark.parametrize("wrong", ["secret", "scope", "issuer"])
    def test_raises_what_the_service_refuses(self, service, make_guard, wrong):
        changes: dict[str, str]
        if wrong == "scope":
            client = service.create_client("reports:read")
            changes = {name: client[name] for name in ("client_id", "client_secret")}
        else:
            changes = {"secret": {"client_secret": "x"}, "issuer": {"issuer": "http://a.test", "url": service.url}}[wrong]
        guard = make_guard(start=False, **changes)
        said = {"secret": "invalid_client", "scope": "invalid_scope", "issuer": "says that its issuer is"}[wrong]
        with pytest.raises(ServiceRefused, match=said):
            guard.start(timeout=20)

    def test_raises_timeout_error_without_a_service(self, make_guard):
        guard = make_guard(start=False, issuer="http://127.0.0.1:9", warn=lambda _: None)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            guard.start(timeout=0.3)
        assert time.monotonic() - begun < 2

    def test_raises_value_error_with_all_invalid_parameters(self, options):
        bad = {"issuer": "x", "audience": [], "client_id": None, "url": "y", "leeway": 301, "bound": 1, "when_stale": "z"}
        with pytest.raises(ValueError) as caught:
            Guard(**{**options, **bad})
        for name in ("issuer", "audience", "client_id", "url", "leeway", "bound", "when_stale"):
            assert name in str(caught.value)
