"""Django and Django REST framework, in one process with settings of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import django
import pytest
from conftest import bearer
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

settings.configure(
    SECRET_KEY="testing",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    USE_TZ=True,
)
django.setup()

from rest_framework.decorators import api_view, authentication_classes, permission_classes  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from latchkey_guard.django import caller, caller_if_present, get_guard, requires  # noqa: E402
from latchkey_guard.drf import HasPermissions, LatchkeyAuthentication  # noqa: E402


@requires()
def anything(request):
    return JsonResponse({"caller": caller(request).subject, "user": request.user.username})


@requires("reports:read")
async def reports(request):
    assert request.user.has_perm("reports:read") and not request.user.has_perms(["reports:read", "other"])
    return JsonResponse({"caller": caller(request).subject})


@requires("reports:read", optional=True)
def greet(request):
    found = caller_if_present(request)
    return JsonResponse({"caller": found.subject if found else None, "anonymous": request.user.is_anonymous})


def user(request):
    return HttpResponse(str(request.user))


class Reports(APIView):
    authentication_classes = [LatchkeyAuthentication]
    permission_classes = [HasPermissions("reports:read", "fresh:300")]

    def get(self, request):
        return Response({"caller": request.auth.subject, "user": str(request.user)})

    post = get


@api_view(["GET"])
@authentication_classes([LatchkeyAuthentication])
@permission_classes([])
def rest_greeting(request):
    return Response({"caller": request.auth.subject if request.auth else None})


urlpatterns = [
    path("any", anything),
    path("reports", reports),
    path("greeting", greet),
    path("user", user),
    path("rest/reports", Reports.as_view()),
    path("rest/greeting", rest_greeting),
]


@pytest.fixture(autouse=True)
def configured(issuer):
    with override_settings(**issuer.config):
        yield


@pytest.fixture
def client():
    return Client()


class TestDjango:
    def test_lets_through_and_knows_who_calls(self, issuer, client):
        token = issuer.token("reports:read", subject="ada", username="Ada")
        assert client.get("/any", headers=bearer(token)).json() == {"caller": "ada", "user": "Ada"}
        assert client.get("/reports", headers=bearer(token)).json() == {"caller": "ada"}

    def test_answers_with_problem_json(self, issuer, client):
        for url in ("/any", "/reports"):
            answer = client.get(url)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="latchkey"'
            assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
            assert answer.json()["type"] == f"{issuer.url}/problems/authentication_required"
        answer = client.get("/reports", headers=bearer(issuer.token()))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")

    def test_lets_requests_without_a_token_through_where_it_is_optional(self, issuer, client):
        assert client.get("/greeting").json() == {"caller": None, "anonymous": True}
        token = issuer.token("reports:read", subject="ada")
        assert client.get("/greeting", headers=bearer(token)).json() == {"caller": "ada", "anonymous": False}
        assert client.get("/greeting", headers=bearer("x")).status_code == 401

    def test_needs_no_token_for_a_preflight_and_does_not_call_the_view(self, issuer, client):
        for url in ("/any", "/reports"):
            answer = client.options(url)
            assert (answer.status_code, answer.content) == (204, b"")
            assert client.options(url, headers=bearer("x")).status_code == 401
        token = issuer.token("reports:read", subject="ada")
        assert client.options("/any", headers=bearer(token)).json()["caller"] == "ada"
        assert client.options("/rest/reports").status_code == 401

    def test_takes_tokens_from_cookies_where_the_settings_say_so(self, issuer, client):
        client.cookies["__Host-access_token_cookie"] = issuer.token(subject="ada")
        assert client.get("/any").status_code == 401
        with override_settings(JWT_TOKEN_LOCATION=["cookies"]):
            assert client.get("/any").json()["caller"] == "ada"

    def test_sets_the_user_of_every_request_by_its_middleware(self, issuer, client):
        with override_settings(MIDDLEWARE=["latchkey_guard.django.LatchkeyMiddleware"]):
            assert client.get("/user").content == b"AnonymousUser"
            assert client.get("/user", headers=bearer(issuer.token(username="Ada"))).content == b"Ada"
            assert client.get("/user", headers=bearer("x")).status_code == 401

    def test_works_where_views_are_asynchronous(self, issuer):
        from asgiref.sync import async_to_sync

        with override_settings(MIDDLEWARE=["latchkey_guard.django.LatchkeyMiddleware"]):
            token = issuer.token("reports:read", subject="ada")
            get = async_to_sync(AsyncClient().get)
            assert get("/reports", headers=bearer(token)).json() == {"caller": "ada"}
            assert get("/reports", headers=bearer("x")).status_code == 401

    def test_has_one_guard_per_process_and_settings(self, issuer):
        first = get_guard()
        assert get_guard() is first
        with override_settings(LATCHKEY_AUDIENCE="https://other.example"):
            assert get_guard() is not first
        with override_settings(LATCHKEY_WHEN_STALE="refuse"), pytest.raises(ValueError, match="no option LATCHKEY_WHEN_STALE"):
            get_guard()


class TestRestFramework:
    def test_lets_through_and_knows_who_calls(self, issuer, client):
        token = issuer.token("reports:read", subject="ada", username="Ada")
        for answer in (client.get("/rest/reports", headers=bearer(token)), client.post("/rest/reports", headers=bearer(token))):
            assert (answer.status_code, answer.json()) == (200, {"caller": "ada", "user": "Ada"})

    def test_refuses_in_rest_framework_s_own_form(self, issuer, client):
        none = client.get("/rest/reports")
        assert (none.status_code, none.headers["WWW-Authenticate"]) == (401, 'Bearer realm="latchkey"')
        assert "Send an access token" in none.json()["detail"]
        bad = client.get("/rest/reports", headers=bearer("x"))
        assert bad.status_code == 401
        assert 'error="invalid_token"' in bad.headers["WWW-Authenticate"]
        lacking = client.get("/rest/reports", headers=bearer(issuer.token()))
        assert lacking.status_code == 403
        assert 'scope="reports:read"' in lacking.headers["WWW-Authenticate"]
        old = client.get("/rest/reports", headers=bearer(issuer.token("reports:read", age=301)))
        assert old.status_code == 401
        assert 'max_age="300"' in old.headers["WWW-Authenticate"]

    def test_refuses_with_problem_json_by_the_guard_s_handler(self, issuer, client):
        with override_settings(REST_FRAMEWORK={"EXCEPTION_HANDLER": "latchkey_guard.drf.exception_handler"}):
            for headers, status, code in (
                ({}, 401, "authentication_required"),
                (bearer("x"), 401, "invalid_token"),
                (bearer(issuer.token()), 403, "insufficient_scope"),
            ):
                answer = client.get("/rest/reports", headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (status, code)
                assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
                assert "WWW-Authenticate" in answer.headers
            assert client.put("/rest/reports", headers=bearer(issuer.token())).status_code in (403, 405)

    def test_responds_with_503_while_the_feed_is_away(self, issuer, client):
        with override_settings(LATCHKEY_URL="http://127.0.0.1:9"):
            for url in ("/any", "/rest/reports"):
                answer = client.get(url, headers=bearer(issuer.token()))
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")

    def test_lets_requests_without_a_token_through_where_no_permission_class_minds(self, issuer, client):
        assert client.get("/rest/greeting").json() == {"caller": None}
        assert client.get("/rest/greeting", headers=bearer("x")).status_code == 401


def test_needs_no_app_of_django():
    code = """
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=[], ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", LATCHKEY_ISSUER="http://a.test",
    LATCHKEY_AUDIENCE="a", LATCHKEY_CLIENT_ID="a", LATCHKEY_CLIENT_SECRET="a")
django.setup()
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from latchkey_guard.django import requires

@requires(optional=True)
def greet(request):
    return HttpResponse(f"{request.user} {request.user.is_authenticated} {request.user.has_perm('a')}")

urlpatterns = [path("", greet)]
print(Client().get("/").content.decode())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert ran.stdout == "AnonymousUser False False\n", ran.stderr
