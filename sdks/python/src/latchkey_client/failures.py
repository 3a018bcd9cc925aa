"""What the service refuses, as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx

from .models.o_auth_error_code import OAuthErrorCode
from .models.problem_code import ProblemCode

_Code = TypeVar("_Code", ProblemCode, OAuthErrorCode)


class LatchkeyError(Exception):
    """The service refused a request: its problem body (RFC 9457).

    Attributes:
        code: the kind of problem for programs, one of ``ProblemCode``; a plain string where the service is
            newer than this client and has a code that is not in its list.
        status: the HTTP status.
        title: the kind of problem in a few words.
        detail: what was wrong, and what to do about it.
        type: a URI that names the kind of problem.
        errors: for ``validation_failed`` each field that was refused, with the reason; otherwise empty.
        request_id: ``X-Request-Id``; under it the service's log has the cause.
        retry_after: seconds to wait before the next try, where the service says so.
    """

    def __init__(self, problem: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error of a problem and of the answer that it came in."""
        self.code: ProblemCode | str = _member(ProblemCode, problem["code"])
        self.status = response.status_code
        self.title = str(problem.get("title", ""))
        self.detail = str(problem["detail"])
        self.type = str(problem.get("type", "about:blank"))
        self.errors: dict[str, str] = dict(problem.get("errors", {}))
        self.request_id = response.headers.get("X-Request-Id")
        self.retry_after = _retry_after(response)
        super().__init__(f"{self.code}: {self.detail}")


class LatchkeyOAuthError(Exception):
    """An operation under ``/oauth`` refused a request (RFC 6749 §5.2).

    Attributes:
        code: RFC 6749's ``error``.
        status: the HTTP status.
        description: what was wrong, and what to do about it.
        request_id: ``X-Request-Id``; under it the service's log has the cause.
        retry_after: seconds to wait before the next try, where the service says so.
    """

    def __init__(self, error: Mapping[str, Any], response: httpx.Response) -> None:
        """Make the error of an OAuth error and of the answer that it came in."""
        self.code: OAuthErrorCode | str = _member(OAuthErrorCode, error["error"])
        self.status = response.status_code
        self.description = str(error.get("error_description", self.code))
        self.request_id = response.headers.get("X-Request-Id")
        self.retry_after = _retry_after(response)
        super().__init__(f"{self.code}: {self.description}")


class UnexpectedAnswerError(Exception):
    """An answer that is not the service's: of a proxy, or of something else at this address.

    Attributes:
        status: the HTTP status.
        body: what was answered.
    """

    def __init__(self, response: httpx.Response) -> None:
        """Make the error of the answer."""
        self.status = response.status_code
        self.body = response.text
        super().__init__(
            f"{response.url} answered {self.status}, and not as Latchkey does. Is the base URL right?"
        )


def failure_of(response: httpx.Response) -> Exception:
    """Make the exception that an answer with a status of 400 or more is; its body has been read."""
    body = fields_of(response)
    if isinstance(body.get("code"), str) and isinstance(body.get("detail"), str):
        return LatchkeyError(body, response)
    if isinstance(body.get("error"), str):
        return LatchkeyOAuthError(body, response)
    return UnexpectedAnswerError(response)


def fields_of(response: httpx.Response) -> Mapping[str, Any]:
    """Read the fields of a JSON object; there are none in anything else."""
    try:
        body = response.json()
    except ValueError:  # HTML of a proxy, say
        return {}
    return body if isinstance(body, dict) else {}


def _member(kind: type[_Code], code: str) -> _Code | str:
    return kind(code) if code in set(kind) else code


def _retry_after(response: httpx.Response) -> int | None:
    value = response.headers.get("Retry-After", "")
    return int(value) if value.isdecimal() else None
