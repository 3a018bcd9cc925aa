"""The service's refusals as exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx

from .models.o_auth_error_code import OAuthErrorCode
from .models.problem_code import ProblemCode
from .models.second_factor_method import SecondFactorMethod

_Code = TypeVar("_Code", ProblemCode, OAuthErrorCode, SecondFactorMethod)


class LatchkeyError(Exception):
    """The service refused a request: its problem body (RFC 9457).

    Attributes:
        code: the problem type for programs, one of ``ProblemCode``; a plain string if the service is newer
            than this client and sends a code that is not in its list.
        status: the HTTP status.
        title: the problem type in a few words.
        detail: what was wrong, and what to do about it.
        type: the URI of the problem type.
        errors: for ``validation_failed`` each refused field, with the reason; otherwise empty.
        request_id: the response's ``X-Request-Id``, with which the cause can be found in the service's log.
        retry_after: seconds to wait before the next attempt, if the service has sent ``Retry-After``.
    """

    def __init__(self, problem: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error from a problem and its response."""
        self.code: ProblemCode | str = _member(ProblemCode, problem["code"])
        self.status = response.status_code
        self.title = str(problem.get("title", ""))
        self.detail = str(problem["detail"])
        self.type = str(problem.get("type", "about:blank"))
        self.errors: dict[str, str] = dict(problem.get("errors", {}))
        self.request_id = response.headers.get("X-Request-Id")
        self.retry_after = _retry_after(response)
        super().__init__(f"{self.code}: {self.detail}")


class SecondFactorRequired(LatchkeyError):  # noqa: N818 -- nothing went wrong: the login goes on
    """A login asks for a second factor: ``finish_login`` takes this.

    Attributes:
        login_token: what is sent with the second factor. It works for one login.
        methods: the kinds of second factors that the account has.
        expires_in: seconds until the login has to begin again.
    """

    def __init__(self, problem: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error from a problem and its response."""
        super().__init__(problem, response)
        self.login_token = str(problem.get("login_token", ""))
        self.methods = [_member(SecondFactorMethod, method) for method in problem.get("methods", [])]
        self.expires_in = int(problem.get("login_token_expires_in", 0))


class StepUpRequired(LatchkeyError):  # noqa: N818 -- another login helps
    """The token is valid, and its login is too old for an operation, or had no second factor (RFC 9470).

    Attributes:
        acr_values: the levels that a login must reach, for ``login``; empty where only its age matters.
        max_age: how many seconds old the login may be, or its second factor where there are ``acr_values``.
    """

    def __init__(self, problem: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error from a problem and its response."""
        super().__init__(problem, response)
        challenge = response.headers.get("WWW-Authenticate", "")
        acr_values = re.search(r'\bacr_values="([^"]*)"', challenge)
        max_age = re.search(r'\bmax_age="?(\d+)', challenge)
        self.acr_values = acr_values[1].split() if acr_values else []
        self.max_age = int(max_age[1]) if max_age else None


_KINDS: dict[str, type[LatchkeyError]] = {
    ProblemCode.SECOND_FACTOR_REQUIRED: SecondFactorRequired,
    ProblemCode.INSUFFICIENT_USER_AUTHENTICATION: StepUpRequired,
}


class LatchkeyOAuthError(Exception):
    """An operation under ``/oauth`` refused a request (RFC 6749 §5.2).

    Attributes:
        code: RFC 6749's ``error``.
        status: the HTTP status.
        description: what was wrong, and what to do about it.
        request_id: the response's ``X-Request-Id``, with which the cause can be found in the service's log.
        retry_after: seconds to wait before the next attempt, if the service has sent ``Retry-After``.
    """

    def __init__(self, error: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error from an OAuth error and its response."""
        self.code: OAuthErrorCode | str = _member(OAuthErrorCode, error["error"])
        self.status = response.status_code
        self.description = str(error.get("error_description", self.code))
        self.request_id = response.headers.get("X-Request-Id")
        self.retry_after = _retry_after(response)
        super().__init__(f"{self.code}: {self.description}")


class UnexpectedResponseError(Exception):
    """A response that is not Latchkey's, but a proxy's or that of another server at this address.

    It may have any status: a page where the contract has JSON, for example.

    Attributes:
        status: the HTTP status.
        body: the body of the response.
    """

    def __init__(self, response: httpx.Response) -> None:
        """Make the error from the response."""
        self.status = response.status_code
        self.body = response.text
        super().__init__(
            f"{response.url} responded with {self.status}, and not as Latchkey does. Is the base URL right?"
        )


def failure_of(response: httpx.Response) -> Exception:
    """Make the exception for a response with a status of 400 or more, whose body has been read."""
    body = fields_of(response)
    if isinstance(body.get("code"), str) and isinstance(body.get("detail"), str):
        return _KINDS.get(body["code"], LatchkeyError)(body, response)
    if isinstance(body.get("error"), str):
        return LatchkeyOAuthError(body, response)
    return UnexpectedResponseError(response)


def fields_of(response: httpx.Response) -> Mapping[str, Any]:
    """Read the fields of a JSON object; none for any other body."""
    try:
        body = response.json()
    except ValueError:  # for example a proxy's HTML
        return {}
    return body if isinstance(body, dict) else {}


def _member(kind: type[_Code], code: str) -> _Code | str:
    return kind(code) if code in set(kind) else code


def _retry_after(response: httpx.Response) -> int | None:
    value = response.headers.get("Retry-After", "")
    return int(value) if value.isdecimal() else None
