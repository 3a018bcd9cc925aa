from __future__ import annotations

import pytest
from conftest import bearer, until
from flask import Blueprint, Flask, jsonify, request
from flask.views import MethodView
from werkzeug.exceptions import HTTPException, Unauthorized

from latchkey_guard.flask import FlaskGuard


@pytest.fixture
def client(make_guard):
    latchkey = make_guard(FlaskGuard)
    app = Flask(__name__)

    @app.get("/any")
    @latchkey.requires()
    def anything():
        return {"caller": latchkey.caller.subject}

    @app.get("/users/<name>")
    @latchkey.requires("users:read")
    def user(name: str):
        return {"name": name, "caller": latchkey.caller.subject}, 202

    @app.get("/unguarded")
    def unguarded():
        return {"caller": latchkey.caller.subject}

    app.config["TESTING"] = True
    return app.test_client()


def test_lets_through_and_knows_who_calls(service, client):
    token = service.login()["access_token"]
    me = service.good("GET", "/me", token=token)
    answer = client.get("/users/ada", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json) == (202, {"name": "ada", "caller": me["id"]})


def test_answers_as_the_service_does(service, client):
    answer = client.get("/any")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="latchkey"'
    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert answer.json["code"] == "authentication_required"
    service.create_user("flask")
    token = service.login(username="flask", password="the password of flask")["access_token"]
    answer = client.get("/users/ada", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")


def test_refuses_after_a_logout(service, client):
    token = service.login()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/any", headers=headers).status_code == 200
    service.log_out(token)
    until(lambda: client.get("/any", headers=headers).status_code == 401)


def test_says_where_a_guard_is_missing(client):
    with pytest.raises(RuntimeError, match="@requires"):
        client.get("/unguarded")


def test_takes_no_demand_that_means_nothing(make_guard):
    latchkey = make_guard(FlaskGuard, start=False)
    for demand in ("fresh:soon", "users:read users:write", ""):
        with pytest.raises(ValueError, match="is no demand"):
            latchkey.requires(demand)
    with pytest.raises(ValueError, match="Write the brackets"):

        @latchkey.requires
        def view():
            return ""


@pytest.fixture
def latchkey():
    """As a module has it that an app factory imports."""
    return FlaskGuard()


@pytest.fixture
def make_app(latchkey, issuer):
    def make(**config: object) -> Flask:
        app = Flask(__name__)
        app.config.update({**issuer.config, **config})
        latchkey.init_app(app)

        @app.route("/any", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
        @latchkey.requires()
        def anything():
            return jsonify(None if request.method == "OPTIONS" else latchkey.caller.subject)

        @app.get("/greeting")
        @latchkey.requires("reports:read", optional=True)
        def greet():
            caller = latchkey.caller_if_present
            return jsonify(caller.subject if caller else None)

        @app.get("/checked")
        def checked():
            return jsonify(latchkey.check("Bearer x").subject)

        return app

    yield make
    latchkey.close()


class TestInAnAppFactory:
    def test_has_the_options_of_each_app_s_own_configuration(self, make_app, issuer):
        one, other = make_app(), make_app(LATCHKEY_AUDIENCE="https://other.example")
        token = issuer.token(audience="https://other.example")
        assert one.test_client().get("/any", headers=bearer(token)).status_code == 401
        assert other.test_client().get("/any", headers=bearer(token)).status_code == 200

    def test_does_not_mix_up_two_guards_of_one_app(self, issuer):
        app = Flask(__name__)
        one = FlaskGuard(app, **issuer.options)
        other = FlaskGuard(app, **{**issuer.options, "audience": "https://other.example"})
        app.get("/one")(one.requires()(lambda: "in"))
        app.add_url_rule("/other", "other", other.requires()(lambda: "in"))
        client = app.test_client()
        for path, audience, status in (
            ("/one", issuer.url, 200),
            ("/one", "https://other.example", 401),
            ("/other", issuer.url, 401),
            ("/other", "https://other.example", 200),
        ):
            assert client.get(path, headers=bearer(issuer.token(audience=audience))).status_code == status
        one.close()
        other.close()

    @pytest.mark.parametrize("name", ["LATCHKEY_WHEN_STALE", "LATCHKEY_GUARD_LEWAY", "LATCHKEY_COLOUR"])
    def test_says_which_options_there_are_not(self, latchkey, issuer, name):
        app = Flask(__name__)
        app.config.from_mapping(issuer.config, **{name: "refuse"})
        with pytest.raises(ValueError, match=f"no option {name}.*LATCHKEY_GUARD_WHEN_STALE"):
            latchkey.init_app(app)

    def test_says_which_options_are_missing(self, latchkey):
        with pytest.raises(ValueError, match="LATCHKEY_ISSUER, LATCHKEY_CLIENT_ID, LATCHKEY_CLIENT_SECRET must be set"):
            latchkey.init_app(Flask(__name__))
        with pytest.raises(RuntimeError, match="init_app"):
            _ = latchkey.is_current

    def test_takes_options_by_their_own_names_and_an_app_at_once(self, issuer):
        app = Flask(__name__)
        latchkey = FlaskGuard(app, **issuer.options)
        latchkey.start(timeout=20)
        with app.app_context():
            assert latchkey.is_current
            assert latchkey.guard.issuer == issuer.url
        latchkey.close()


class TestRefusesAsFlaskDoes:
    def test_with_problem_json(self, make_app, issuer):
        client = make_app().test_client()
        for path in ("/any", "/checked"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.content_type == "application/problem+json; charset=utf-8"
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="latchkey"')
            assert answer.json["type"].startswith(f"{issuer.url}/problems/")

    @pytest.mark.parametrize("kind", [401, Unauthorized, HTTPException])
    def test_by_an_error_handler_of_the_app_s_own(self, make_app, kind):
        app = make_app()

        @app.errorhandler(kind)
        def own(error):
            return {"own": error.refusal.code}, error.code, error.refusal.headers

        for path, code in (("/any", "authentication_required"), ("/checked", "invalid_token")):
            answer = app.test_client().get(path)
            assert (answer.status_code, answer.json) == (401, {"own": code})
            assert "WWW-Authenticate" in answer.headers

    def test_by_one_for_403_what_lacks_a_permission(self, make_app, issuer):
        app = make_app()
        app.register_error_handler(403, lambda error: ({"own": error.refusal.code}, 403))
        answer = app.test_client().get("/greeting", headers=bearer(issuer.token()))
        assert (answer.status_code, answer.json) == (403, {"own": "insufficient_scope"})

    def test_with_503_while_the_feed_is_away(self, issuer):
        latchkey = FlaskGuard(**{**issuer.options, "url": "http://127.0.0.1:9", "warn": lambda _: None})
        plain, own = Flask(__name__), Flask(__name__)
        for app in (plain, own):
            app.get("/")(latchkey.requires()(lambda: "in"))
        own.register_error_handler(503, lambda error: ({"own": error.refusal.code}, 503))
        answer = plain.test_client().get("/", headers=bearer(issuer.token()))
        assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "not_ready", "1")
        assert own.test_client().get("/", headers=bearer(issuer.token())).json == {"own": "not_ready"}
        latchkey.close()

    def test_and_never_with_500_however_odd_the_request_is(self, make_app, issuer):
        app = make_app(JWT_TOKEN_LOCATION="headers,cookies,query_string")
        app.config["PROPAGATE_EXCEPTIONS"] = False
        client = app.test_client(use_cookies=False)
        good = issuer.token()
        head, body, signature = good.split(".")
        for value in ("", " ", "Bearer", "Bearer é", f"Bearer {good}x", f"Bearer {head}.{body}.", "Bearer a, Bearer b",
                      f"Bearer {'a' * 60000}", f"Bearer {head}.e30.{signature}", "Bearer \x00", "Bearer ....", ",,,"):
            assert client.get("/any", headers={"Authorization": value}).status_code == 401, value[:40]
        for cookie in ("__Host-access_token_cookie=é", "__Host-access_token_cookie", ";;=;", "=" * 9000):
            assert client.get("/any", headers={"Cookie": cookie}).status_code == 401
        for query in ("jwt=%00", "jwt=a&jwt=b", "jwt=%F0%9F%98%80", "jwt=%ED%A0%80", "jwt="):
            assert client.get(f"/any?{query}").status_code == 401
        for claims in ({"exp": "soon"}, {"aud": 5}, {"scope": None}, {"scope": 5}, {"iss": None}, {"roles": "a"},
                       {"nbf": "a"}, {"iat": 1.5}, {"sid": None}, {"jti": 1}, {"exp": 1e400}, {"auth_time": "a"}):
            token = issuer.token(claims=claims)
            assert client.get("/any", headers=bearer(token)).status_code == 401, claims


class TestLetsThrough:
    def test_requests_without_a_token_where_it_is_optional(self, make_app, issuer):
        client = make_app().test_client()
        assert client.get("/greeting").json is None
        assert client.get("/greeting", headers={"Authorization": "Basic YTpi"}).json is None
        assert client.get("/greeting", headers=bearer(issuer.token("reports:read", subject="ada"))).json == "ada"
        assert client.get("/greeting", headers=bearer("x")).status_code == 401
        assert client.get("/greeting", headers=bearer(issuer.token())).status_code == 403

    def test_a_preflight(self, make_app):
        assert make_app().test_client().options("/any").status_code == 200

    def test_what_a_blueprint_or_a_class_of_views_demands(self, latchkey, issuer):
        app = Flask(__name__)
        app.config.update(issuer.config)
        latchkey.init_app(app)
        blueprint = Blueprint("reports", __name__, url_prefix="/reports")
        blueprint.before_request(lambda: latchkey.check_request("reports:read"))
        blueprint.get("/")(lambda: jsonify(latchkey.caller.subject))

        class Reports(MethodView):
            decorators = [latchkey.requires("reports:read")]

            def get(self):
                return jsonify(latchkey.caller.subject)

        app.register_blueprint(blueprint)
        app.add_url_rule("/class", view_func=Reports.as_view("class"))
        client = app.test_client()
        for path in ("/reports/", "/class"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers=bearer(issuer.token())).status_code == 403
            assert client.get(path, headers=bearer(issuer.token("reports:read", subject="ada"))).json == "ada"
        latchkey.close()


class TestTakesTokensWhereTheServiceHasThem:
    def test_in_cookies_with_their_csrf_value(self, make_app, issuer):
        from latchkey_guard.locations import csrf_value

        client = make_app(JWT_TOKEN_LOCATION=["headers", "cookies"]).test_client(use_cookies=False)
        token = issuer.token(subject="ada")
        cookie = {"Cookie": f"a=b; __Host-access_token_cookie={token}; c=d"}
        assert client.get("/any", headers=cookie).json == "ada"
        answer = client.post("/any", headers=cookie)
        assert (answer.status_code, answer.json["code"]) == (401, "csrf_failed")
        wrong = {**cookie, "X-CSRF-TOKEN": csrf_value(issuer.token())}
        assert client.post("/any", headers=wrong).json["code"] == "csrf_failed"
        assert client.post("/any", headers={**cookie, "X-CSRF-TOKEN": csrf_value(token)}).json == "ada"

    def test_in_a_field_of_a_form_the_csrf_value(self, make_app, issuer):
        from latchkey_guard.locations import csrf_value

        app = make_app(JWT_TOKEN_LOCATION="cookies", JWT_CSRF_CHECK_FORM=True, JWT_COOKIE_SECURE=False)
        token = issuer.token(subject="ada")
        cookie = {"Cookie": f"access_token_cookie={token}"}
        form = {"csrf_token": csrf_value(token)}
        client = app.test_client(use_cookies=False)
        assert client.post("/any", headers=cookie, data=form).json == "ada"
        assert client.post("/any", headers=cookie, data={"csrf_token": "x"}).status_code == 401

    def test_in_query_strings(self, make_app, issuer):
        client = make_app(JWT_TOKEN_LOCATION="query_string", JWT_QUERY_STRING_NAME="token").test_client()
        assert client.get(f"/any?token={issuer.token(subject='ada')}").json == "ada"
        answer = client.get("/any", headers=bearer(issuer.token()))
        assert answer.status_code == 401
        assert 'the query parameter "token=<access_token>"' in answer.json["detail"]

    @pytest.mark.parametrize(("kind", "before"), [("JWT", "JWT "), ("none", ""), ("", "")])
    def test_in_another_header(self, make_app, issuer, kind, before):
        client = make_app(JWT_HEADER_NAME="X-Token", JWT_HEADER_TYPE=kind).test_client()
        assert client.get("/any", headers={"X-Token": f"{before}{issuer.token(subject='ada')}"}).json == "ada"
        answer = client.get("/any")
        assert answer.headers["WWW-Authenticate"].startswith("JWT realm" if before else "Bearer realm")
