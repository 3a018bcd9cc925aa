"""For Django REST framework: ``LatchkeyAuthentication`` and ``HasPermissions``.

    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["latchkey_guard.drf.LatchkeyAuthentication"],
        "EXCEPTION_HANDLER": "latchkey_guard.drf.exception_handler",
    }
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import exception_handler as default_exception_handler

from .claims import Caller
from .demands import check_demands
from .django import LatchkeyUser, check_request, get_guard
from .refusal import Refusal


class _RefusedToken(AuthenticationFailed):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail, refusal.code)
        self.refusal = refusal


class _RefusedRequest(APIException):
    """The refusal of a valid token, or of one that cannot be checked now."""

    def __init__(self, refusal: Refusal) -> None:
        self.status_code = refusal.status
        super().__init__(refusal.detail, refusal.code)
        self.refusal = refusal
        # REST framework sends these as headers.
        self.auth_header = refusal.headers.get("WWW-Authenticate")
        self.wait = 1 if refusal.status == 503 else None


class LatchkeyAuthentication(BaseAuthentication):
    """Authenticates by the access token: ``request.user`` is a ``LatchkeyUser``, ``request.auth`` the ``Caller``.

    Whether a request without a token is accepted is decided by the permission classes.
    """

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        try:
            caller = check_request(_django_request(request), optional=True)
        except Refusal as refusal:
            request._request.latchkey_challenge = refusal.headers.get("WWW-Authenticate")
            raise (_RefusedToken if refusal.status == 401 else _RefusedRequest)(refusal) from refusal
        return None if caller is None else (self.get_user(caller), caller)

    def authenticate_header(self, request: Request) -> str:
        found = getattr(request._request, "latchkey_challenge", None)
        return found or get_guard().missing_token().headers["WWW-Authenticate"]

    def get_user(self, caller: Caller) -> Any:
        """Override it to return a user of your own, found by ``caller.subject``."""
        return LatchkeyUser(caller)


def HasPermissions(*demands: str) -> type[BasePermission]:  # noqa: N802: it creates a class
    """Creates a permission class: ``permission_classes = [HasPermissions("reports:read")]``.

    :param demands: permissions, ``fresh:300`` or ``mfa:300``, for example; without any, any valid token is accepted.
    :raises ValueError: for a demand that cannot be met.
    """
    check_demands(demands)

    class _HasPermissions(BasePermission):
        def has_permission(self, request: Request, view: object) -> bool:
            if not isinstance(request.auth, Caller):
                raise NotAuthenticated(get_guard().missing_token().detail)
            try:
                get_guard().demand(request.auth, *demands)
            except Refusal as refusal:
                raise _RefusedRequest(refusal) from refusal
            return True

    return _HasPermissions


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Responds to refusals with problem+json, and leaves other errors to REST framework."""
    answer: HttpResponse | None = default_exception_handler(error, context)
    refusal = getattr(error, "refusal", None)
    if isinstance(error, NotAuthenticated):
        refusal = get_guard().missing_token()
    if answer is None or not isinstance(refusal, Refusal):
        return answer
    return HttpResponse(refusal.body(), status=refusal.status, headers=refusal.headers)


def _django_request(request: Request) -> HttpRequest:
    return request._request


__all__ = ["HasPermissions", "LatchkeyAuthentication", "exception_handler"]
