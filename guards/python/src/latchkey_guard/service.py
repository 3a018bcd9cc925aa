"""The guard's HTTP requests to the service."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode

from .tracing import Tracing

#: How long to wait for a response, in seconds.
_ANSWERS_WITHIN = 2
#: A token is replaced this long before it expires, in seconds.
_MARGIN = 30


class ServiceError(Exception):
    """The service did not respond, or its response is not valid; a later attempt may succeed."""


class ServiceRefused(ServiceError):
    """The service refused the guard's request; only a person can correct that."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Credentials are sent to the service alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class _Token:
    value: str
    until: float


class Service:
    def __init__(
        self,
        *,
        issuer: str,
        url: str,
        jwks_uri: str | None,
        client_id: str,
        client_secret: str,
        header: tuple[str, str | None] = ("Authorization", "Bearer"),
        tracing: Tracing | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._url = url
        self._jwks_uri = jwks_uri
        both = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"  # RFC 6749, section 2.3.1
        self._basic = f"Basic {base64.b64encode(both.encode()).decode()}"
        self._header_name, self._header_type = header
        self._tracing = tracing
        self._clock = clock
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._token: _Token | None = None

    def after_fork(self) -> None:
        """Another thread may have held the lock when the process was forked."""
        self._lock = threading.Lock()

    def keys(self) -> tuple[list[dict[str, Any]], int]:
        """Returns the public keys, and for how many seconds they may be cached."""
        url = self._jwks_uri or self._at(self._discover()["jwks_uri"])
        with self._ask(url) as response:
            found = re.search(r"(?:^|[\s,])max-age=(\d+)", response.headers.get("Cache-Control", ""))
            return _json(response)["keys"], int(found[1]) if found else 300

    def introspect(self, token: str) -> bool:
        """Whether the service says that a token is live (RFC 7662)."""
        form = {"token": token, "token_type_hint": "access_token"}
        with self._ask(self._at(self._discover()["introspection_endpoint"]), form) as response:
            return _json(response)["active"] is True

    def follow(self, last_event_id: str | None, silence: float) -> HTTPResponse:
        """Opens the stream of revocations; reading fails after ``silence`` seconds without data."""
        token = self._access_token()
        scheme = "" if self._header_type is None else f"{self._header_type} "
        headers = {"Accept": "text/event-stream", self._header_name: f"{scheme}{token}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        try:
            return self._ask(f"{self._url}/revocations/stream", headers=headers, timeout=silence)
        except ServiceRefused:
            # The token may have been revoked: the next attempt gets another one.
            self._token = None
            raise

    def _access_token(self) -> str:
        with self._lock:
            if self._token is None or self._clock() >= self._token.until:
                self._token = self._request_token()
            return self._token.value

    def _request_token(self) -> _Token:
        begun = self._clock()
        form = {"grant_type": "client_credentials", "scope": "revocations:read"}
        with self._ask(self._at(self._discover()["token_endpoint"]), form) as response:
            answer = _json(response)
        return _Token(answer["access_token"], begun + answer["expires_in"] - _MARGIN)

    def _discover(self) -> dict[str, Any]:
        """The service's metadata (RFC 8414), read once; a failed read is repeated at the next call."""
        if self._metadata is None:
            with self._ask(f"{self._url}/.well-known/oauth-authorization-server") as response:
                metadata = _json(response)
            if metadata.get("issuer") != self._issuer:
                raise ServiceRefused(
                    f"The service at {self._url} says that its issuer is {metadata.get('issuer')}, and the guard "
                    f"expects {self._issuer}. Set the guard's issuer to the service's LATCHKEY_ISSUER."
                )
            self._metadata = metadata
        return self._metadata

    def _at(self, endpoint: str) -> str:
        """Replaces the issuer at the start of an endpoint's URL by the base URL for requests."""
        if endpoint.startswith(f"{self._issuer}/"):
            return self._url + endpoint[len(self._issuer) :]
        return endpoint

    def _ask(
        self,
        url: str,
        form: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        timeout: float = _ANSWERS_WITHIN,
    ) -> HTTPResponse:
        """Returns a successful response. A form is sent with the client's authentication.

        :raises ServiceRefused: for status 400, 401, 403 and 404.
        :raises ServiceError: for other statuses, and without a response.
        """
        data = None if form is None else urlencode(form).encode()
        authentication = {} if form is None else {"Authorization": self._basic}
        request = urllib.request.Request(url, data, {**authentication, **(headers or {})})
        what = f"{request.get_method()} {url} failed."
        try:
            return self._send(request, timeout)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            kind = ServiceRefused if error.code in (400, 401, 403, 404) else ServiceError
            raise kind(f"{what} The response was {error.code}: {said}") from error
        except (OSError, HTTPException) as error:
            raise ServiceError(f"{what} {error}") from error

    def _send(self, request: urllib.request.Request, timeout: float) -> HTTPResponse:
        def send() -> HTTPResponse:
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
            return response

        return send() if self._tracing is None else self._tracing.request(request, send)


def _json(response: HTTPResponse) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.load(response)
    except (OSError, HTTPException, ValueError) as error:
        raise ServiceError(f"An answer of the service could not be read. {error}") from error
    return answer
