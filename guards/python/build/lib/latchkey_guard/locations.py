"""Reads the access token of a request from the locations that the service's settings name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .refusal import Refusal

_LOCATIONS = ("headers", "cookies", "query_string")
#: RFC 9110, section 5.6.2: what the names of headers, schemes and cookies are made of.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def _nothing(_name: str) -> None:
    return None


@dataclass(frozen=True)
class IncomingRequest:
    """The part of a request that the guard reads, whatever the framework."""

    method: str
    #: The value of a header, with its lines joined; None if there is none.
    header: Callable[[str], str | None]
    #: The values of a query parameter.
    query: Callable[[str], Sequence[str]]
    #: A field of a form, for its CSRF value (``JWT_CSRF_CHECK_FORM``).
    form: Callable[[str], str | None] = _nothing


@dataclass(frozen=True)
class TokenLocations:
    """The locations of tokens, in order, and their names."""

    order: tuple[str, ...] = ("headers",)
    header_name: str = "Authorization"
    #: The word before the token; None: the header is the token alone.
    header_type: str | None = "Bearer"
    query_name: str = "jwt"
    query_prefix: str = ""
    cookie_name: str = "__Host-access_token_cookie"
    #: The methods that require the CSRF value of a token in a cookie.
    csrf_methods: tuple[str, ...] = ("POST", "PUT", "PATCH", "DELETE")
    csrf_header: str = "X-CSRF-TOKEN"
    #: The form field that may have it instead.
    csrf_field: str | None = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> TokenLocations:
        """Reads the service's ``JWT_…`` settings: as texts, like in its environment, or as Python's values.

        :raises ValueError: with a sentence for each invalid setting.
        """
        reader = _Reader(settings)
        order = reader.words("JWT_TOKEN_LOCATION", ("headers",))
        for name in order:
            if name not in _LOCATIONS:
                reader.errors.append(f"JWT_TOKEN_LOCATION has {name!r}, and a guard looks in {', '.join(_LOCATIONS)}.")
        header_type = reader.token("JWT_HEADER_TYPE", "Bearer")
        protects = reader.flag("JWT_COOKIE_CSRF_PROTECT", True)
        checks_form = reader.flag("JWT_CSRF_CHECK_FORM", False)
        locations = cls(
            order=order,
            header_name=reader.token("JWT_HEADER_NAME", "Authorization"),
            header_type=None if header_type == "none" else header_type,
            query_name=reader.token("JWT_QUERY_STRING_NAME", "jwt"),
            query_prefix=str(settings.get("JWT_QUERY_STRING_VALUE_PREFIX") or ""),
            cookie_name=_prefixed(
                reader.token("JWT_ACCESS_COOKIE_NAME", "access_token_cookie"),
                secure=reader.flag("JWT_COOKIE_SECURE", True),
                path=str(settings.get("JWT_ACCESS_COOKIE_PATH") or "/"),
                domain=settings.get("JWT_COOKIE_DOMAIN"),
            ),
            csrf_methods=reader.words("JWT_CSRF_METHODS", cls.csrf_methods) if protects else (),
            csrf_header=reader.token("JWT_ACCESS_CSRF_HEADER_NAME", "X-CSRF-TOKEN"),
            csrf_field=reader.token("JWT_ACCESS_CSRF_FIELD_NAME", "csrf_token") if checks_form else None,
        )
        if reader.errors:
            raise ValueError(f"The guard cannot be used so: {' '.join(reader.errors)}")
        return locations

    def find(self, request: IncomingRequest) -> str | None:
        """Returns the token from the first location that has one; None without one.

        :raises Refusal: for a malformed token, and for one in a cookie without its CSRF value.
        """
        finders = {"headers": self._in_headers, "cookies": self._in_cookies, "query_string": self._in_query}
        for location in self.order:
            token = finders[location](request)
            if token is not None:
                return token
        return None

    def missing(self) -> Refusal:
        """Creates the refusal of a request without a token, which names the locations."""
        scheme = "" if self.header_type is None else f"{self.header_type} "
        places = {
            "headers": f'"{self.header_name}: {scheme}<access_token>"',
            "cookies": f"the cookie {self.cookie_name}",
            "query_string": f'the query parameter "{self.query_name}={self.query_prefix}<access_token>"',
        }
        ways = ", or ".join(places[location] for location in self.order)
        return Refusal("authentication_required", f"Send an access token: {ways}.")

    def in_header(self, value: str | None) -> str | None:
        """Extracts the token from the header's one element with the scheme (RFC 6750, section 2.1).

        The scheme is case-insensitive. Elements with other schemes are ignored. A single word is malformed: it may be a
        token without its scheme.
        """
        header = value or ""
        if not header:
            return None
        if self.header_type is None:
            return header
        scheme, length = self.header_type.lower(), len(self.header_type)
        # The HTTP parser has trimmed the header.
        listed = [each.strip(" \t") for each in header.split(",")] if "," in header else [header]
        elements = [element for element in listed if element]
        own = [element for element in elements if element[:length].lower() == scheme]
        if not own and (len(elements) != 1 or _has_space(elements[0])):
            return None
        token = own[0][length + 1 :] if len(own) == 1 and own[0][length : length + 1] == " " else ""
        if not token or _has_space(token):
            raise Refusal(
                "invalid_token",
                f'The {self.header_name} header must be "{self.header_type}", one space, and the access token.',
            )
        return token

    def _in_headers(self, request: IncomingRequest) -> str | None:
        return self.in_header(request.header(self.header_name))

    def _in_cookies(self, request: IncomingRequest) -> str | None:
        token = _cookie(request.header("Cookie") or "", self.cookie_name)
        if not token:
            return None
        if request.method in self.csrf_methods and not self._is_confirmed(request, token):
            raise Refusal(
                "csrf_failed",
                "A request with a token in a cookie must send the CSRF value of the cookie in the header "
                f"{self.csrf_header}.",
            )
        return token

    def _is_confirmed(self, request: IncomingRequest, token: str) -> bool:
        given = request.header(self.csrf_header)
        if given is None and self.csrf_field is not None:
            given = request.form(self.csrf_field)
        return hmac.compare_digest((given or "").encode(errors="replace"), csrf_value(token).encode())

    def _in_query(self, request: IncomingRequest) -> str | None:
        values = request.query(self.query_name)
        if not values:
            return None
        if len(values) > 1 or not values[0].startswith(self.query_prefix):
            after = f' after "{self.query_prefix}"' if self.query_prefix else ""
            raise Refusal("invalid_token", f"The query parameter {self.query_name} must be one access token{after}.")
        return values[0][len(self.query_prefix) :]


def csrf_value(token: str) -> str:
    """Derives the CSRF value of a token. A page of another origin can read neither."""
    digest = hashlib.sha256(f"latchkey csrf {token}".encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _has_space(text: str) -> bool:
    return " " in text or "\t" in text


def _cookie(header: str, name: str) -> str | None:
    """Returns the first cookie of this name, as the service does."""
    for pair in header.split(";"):
        key, equals, value = pair.partition("=")
        if equals and key.strip(" \t") == name:
            return value.strip(" \t").removeprefix('"').removesuffix('"')
    return None


def _prefixed(name: str, *, secure: bool, path: str, domain: object) -> str:
    """Adds the prefix with which no other host can set the cookie (RFC 6265bis, section 4.1.3)."""
    if not secure or name.startswith("__"):
        return name
    return f"__Host-{name}" if path == "/" and not domain else f"__Secure-{name}"


class _Reader:
    """Reads settings, and collects errors."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.errors: list[str] = []

    def token(self, name: str, default: str) -> str:
        value = self._settings.get(name)
        # In Flask-JWT-Extended an empty text means that there is no type.
        if name == "JWT_HEADER_TYPE" and value == "":
            return "none"
        if value is None:
            return default
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            self.errors.append(f"{name} must be as the service has it: a name without spaces.")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._settings.get(name)
        if value is None:
            return default
        text = str(value).lower()
        if text not in (*_TRUE, *_FALSE):
            self.errors.append(f"{name} must be true or false.")
        return text in _TRUE

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self._settings.get(name)
        if value is None:
            return default
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, Iterable):
            self.errors.append(f"{name} must be a list.")
            return default
        found = tuple(str(word).strip() for word in words)
        if not found or "" in found:
            self.errors.append(f"{name} must be a list without an empty place.")
            return default
        return found
