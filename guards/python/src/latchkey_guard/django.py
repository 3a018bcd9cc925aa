"""For Django: ``@requires("reports:read")`` on a view, and ``LatchkeyMiddleware`` for ``request.user``.

The options are in Django's settings: ``LATCHKEY_ISSUER``, ``LATCHKEY_AUDIENCE``, ``LATCHKEY_CLIENT_ID``,
``LATCHKEY_CLIENT_SECRET``, and the service's ``JWT_…`` settings. ``latchkey_guard.drf`` is for Django REST framework.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse

from .claims import Caller
from .config import options_from
from .demands import check_demands
from .guard import Guard
from .locations import IncomingRequest
from .refusal import Refusal

_guard: Guard | None = None
_lock = threading.Lock()


def get_guard() -> Guard:
    """The guard of this process, by Django's settings; ``get_guard().start()`` waits until it knows all revocations."""
    global _guard
    with _lock:
        if _guard is None:
            names = [name for name in dir(settings) if name.startswith(("LATCHKEY_", "JWT_"))]
            _guard = Guard(**options_from({name: getattr(settings, name) for name in names}, {}))
        return _guard


def _forget(*, setting: str, **_: Any) -> None:
    """After ``override_settings`` in a test, creates another guard."""
    global _guard
    if setting.startswith(("LATCHKEY_", "JWT_")):
        with _lock:
            ended, _guard = _guard, None
        if ended is not None:
            ended.close()


setting_changed.connect(_forget)


class NoUser:
    """``request.user`` of a request without a token, where ``django.contrib.auth`` is not installed."""

    is_authenticated = False
    is_anonymous = True
    is_active = False
    is_staff = False
    is_superuser = False
    pk = id = None
    username = ""

    def get_username(self) -> str:
        return self.username

    def has_perm(self, _permission: str, _obj: object = None) -> bool:
        return False

    def has_perms(self, permissions: list[str], _obj: object = None) -> bool:
        return not permissions

    def __str__(self) -> str:
        return "AnonymousUser"


def _anonymous() -> Any:
    if not apps.is_installed("django.contrib.auth"):
        return NoUser()
    # Its models may not be imported where it is not installed.
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    return AnonymousUser()


class LatchkeyUser:
    """``request.user`` of a request with a valid token. It has no row in Django's tables."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False
    is_superuser = False

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.pk = self.id = caller.subject
        self.username: str = caller.username or caller.subject

    def get_username(self) -> str:
        return self.username

    def has_perm(self, permission: str, _obj: object = None) -> bool:
        return permission in self.caller.permissions

    def has_perms(self, permissions: list[str], _obj: object = None) -> bool:
        return all(map(self.has_perm, permissions))

    def __str__(self) -> str:
        return self.username

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LatchkeyUser) and other.pk == self.pk

    def __hash__(self) -> int:
        return hash(self.pk)


def requires(*demands: str, optional: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for views, synchronous or not.

    It lets a request through if its access token is valid and meets all demands, and sets its ``user``. Other requests get
    problem+json as response.

    :param demands: permissions, ``fresh:300`` or ``mfa:300``, for example; without any, any valid token is accepted.
    :param optional: accept a request without a token, too; one whose token is not valid is still refused.
    :raises ValueError: for a demand that cannot be met.
    """
    check_demands(demands)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @functools.wraps(view)
            async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                refused = await sync_to_async(_admit, thread_sensitive=False)(request, demands, optional)
                return refused or await view(request, *args, **kwargs)

            return guarded_async

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return _admit(request, demands, optional) or view(request, *args, **kwargs)

        return guarded

    return decorate


def caller(request: HttpRequest) -> Caller:
    """The caller of a request that ``requires`` or the middleware has let through."""
    found = caller_if_present(request)
    if found is None:
        raise RuntimeError("This request had no token: use caller_if_present(request).")
    return found


def caller_if_present(request: HttpRequest) -> Caller | None:
    """The same; None if the token was optional and there was none."""
    held: tuple[Caller | None] | None = getattr(request, "latchkey_caller", None)
    if held is None:
        raise RuntimeError("No guard has let this request through: put @requires() on its view.")
    return held[0]


class LatchkeyMiddleware:
    """Sets ``request.user`` by the access token; a request without one has an ``AnonymousUser``.

    A request whose token is not valid gets 401. Permissions are checked by ``requires`` on the views.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self._is_async:
            return self._call_async(request)
        return _admit(request, (), True) or self.get_response(request)

    async def _call_async(self, request: HttpRequest) -> HttpResponse:
        refused = await sync_to_async(_admit, thread_sensitive=False)(request, (), True)
        return refused or await self.get_response(request)


def check_request(request: HttpRequest, *demands: str, optional: bool = False) -> Caller | None:
    """Checks a request. Raises ``Refusal``."""
    incoming = IncomingRequest(
        request.method or "", request.headers.get, request.GET.getlist, lambda name: request.POST.get(name)
    )
    return get_guard().check_request(incoming, *demands, optional=optional)


def _admit(request: HttpRequest, demands: tuple[str, ...], optional: bool) -> HttpResponse | None:
    """Checks a request, and returns the response if it is refused."""
    try:
        found = check_request(request, *demands, optional=optional or request.method == "OPTIONS")
    except Refusal as refusal:
        return HttpResponse(refusal.body(), status=refusal.status, headers=refusal.headers)
    if found is None and not optional:
        # A preflight request of a browser, which has no token. The view is not called: most views respond to any method.
        return HttpResponse(status=204)
    request.latchkey_caller = (found,)
    request.user = LatchkeyUser(found) if found else _anonymous()
    return None
