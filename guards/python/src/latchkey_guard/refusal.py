"""Why a request is refused, and the response to it."""

from __future__ import annotations

import json
import re

#: Some of the service's closed list of problem types, with its texts: status, title, detail.
_KINDS = {
    "authentication_required": (
        401,
        "Authentication required",
        'Send an access token: "Authorization: Bearer <access_token>".',
    ),
    "csrf_failed": (
        401,
        "CSRF value missing or wrong",
        "A request with a token in a cookie must send the CSRF value of the cookie in the header X-CSRF-TOKEN.",
    ),
    "invalid_token": (401, "Invalid access token", "The access token is not valid."),
    "insufficient_user_authentication": (
        401,
        "Fresh login required",
        "This operation needs a token from a login that was just made. Log in again.",
    ),
    "insufficient_scope": (
        403,
        "Permission missing",
        "The account lacks a permission that this operation needs.",
    ),
    "password_change_required": (
        403,
        "Password change required",
        "The account still has a one-time password. Choose a new one first: PUT /me/password.",
    ),
    "second_factor_enrollment_required": (
        403,
        "Second factor must be set up",
        "The account must have a second factor, and this session began without one. "
        "Set one up where you log in, or log in with it.",
    ),
    "not_ready": (
        503,
        "Not ready",
        "Whether the access token is still good cannot be told at the moment. Try again shortly.",
    ),
}


class Refusal(Exception):
    """A refused request and its response: problem+json (RFC 9457) with a challenge (RFC 6750, section 3)."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        challenge: dict[str, str] | None = None,
    ) -> None:
        self.code = code
        self.status, self.title, usual = _KINDS[code]
        self.detail = usual if detail is None else detail
        # RFC 6750, section 3: no error code in the response to a request without a token.
        self._challenge = (
            {"error": code, "error_description": self.detail} if code == "invalid_token" else challenge
        )
        #: The challenge's authentication scheme.
        self.scheme = "Bearer"
        #: The base of the problem types' URIs.
        self.issuer = ""
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, including its content type."""
        headers = {"Content-Type": "application/problem+json; charset=utf-8", "Cache-Control": "no-store"}
        if self.status == 401 or self._challenge:
            parameters = {"realm": "latchkey", **(self._challenge or {})}
            listed = ", ".join(f'{name}="{_quotable(value)}"' for name, value in parameters.items())
            headers["WWW-Authenticate"] = f"{self.scheme} {listed}"
        if self.status == 503:
            headers["Retry-After"] = "1"
        return headers

    def body(self, issuer: str | None = None) -> str:
        """The body of the response.

        :param issuer: the base of the problem types' URIs; by default the issuer of the guard that refused.
        """
        problem = {
            "type": f"{self.issuer if issuer is None else issuer}/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        return json.dumps(problem)


def _quotable(text: str) -> str:
    """RFC 6750, section 3, allows few characters in a challenge."""
    return re.sub(r"[^\x20-\x7e]", "?", re.sub(r'["\\]', "'", text))
