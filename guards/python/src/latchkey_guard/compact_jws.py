"""JSON Web Signatures in compact form (RFC 7515, section 3.1), in canonical encoding alone."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
#: The last characters whose unused bits, four or two, are zero (RFC 4648, section 3.5).
_LAST_OF_TWO = "AQgw"
_LAST_OF_THREE = "AEIMQUYcgkosw048"
_MARKED = re.compile(r'"\\u0000([^"]*)"')


def read_compact_jws(text: str) -> tuple[str, str, str] | None:
    """Returns header, payload and signature, still encoded.

    None for a text that does not have three parts, or whose signed parts are not canonical base64url: decoders ignore
    padding, white space, other characters and trailing bits. The signature is not checked: ``is_signature`` does that.
    """
    parts = text.split(".", 3)
    if len(parts) != 3 or not _is_base64url(parts[0]) or not _is_base64url(parts[1]):
        return None
    return parts[0], parts[1], parts[2]


def is_signature(text: str, length: int) -> bool:
    """Whether a text is the canonical encoding of a signature of this length in bytes.

    OpenSSL also verifies RSA-PSS signatures without their leading zero bytes, which RFC 8017, section 8.1.2, refuses.

    Of ECDSA, the two numbers (r, n - s) are as valid a signature as (r, s) (FIPS 186-5, section 6.4.2): a token has these
    two. What is revoked is a session, a user or a client, so the other one is revoked with it.
    """
    return _is_base64url(text) and len(text) * 3 // 4 == length


def read_header(part: str) -> dict[str, Any] | None:
    """Reads a header whose signature is not verified yet; None for anything else.

    It must be the very JSON that the service writes, because of two members with one name some parsers take the last and
    others the first.
    """
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        header = json.loads(text, parse_float=_mark, parse_constant=_refuse)
        spelled = _MARKED.sub(r"\1", json.dumps(header, ensure_ascii=False, separators=(",", ":")))
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) and spelled == text else None


def _mark(number: str) -> str:
    """Keeps the text of a number with a fraction: JavaScript and Python format some of them differently."""
    return f"\0{number}"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON.")


def _is_base64url(text: str) -> bool:
    if not _BASE64URL.fullmatch(text):
        return False
    rest = len(text) % 4
    return rest == 0 or (rest == 2 and text[-1] in _LAST_OF_TWO) or (rest == 3 and text[-1] in _LAST_OF_THREE)
