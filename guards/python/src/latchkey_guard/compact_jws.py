"""JSON Web Signatures in compact form (RFC 7515, section 3.1), in the one spelling that each of them has."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
#: What a part ends with whose last character has four bits to spare, or two: they are zero (RFC 4648, section 3.5).
_LAST_OF_TWO = "AQgw"
_LAST_OF_THREE = "AEIMQUYcgkosw048"
_MARKED = re.compile(r'"\\u0000([^"]*)"')


def read_compact_jws(text: str) -> tuple[str, str, str] | None:
    """Header, payload and signature as they are spelled.

    None for what is not three parts, or not in the one spelling of the two that are signed: decoders forgive padding,
    white space, other characters and trailing bits.
    """
    parts = text.split(".", 3)
    if len(parts) != 3 or not _is_base64url(parts[0]) or not _is_base64url(parts[1]):
        return None
    return parts[0], parts[1], parts[2]


def is_signature(text: str, length: int) -> bool:
    """Whether a text is so many bytes, in their one spelling.

    OpenSSL verifies RSA-PSS signatures without their leading zero bytes, too, which RFC 8017, section 8.1.2, refuses.
    """
    return _is_base64url(text) and len(text) * 3 // 4 == length


def read_header(part: str) -> dict[str, Any] | None:
    """What a header says, before anything vouches for it, spelled as the service spells it.

    Of two members of one name some parsers take the last, and others the first. None for anything else.
    """
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        header = json.loads(text, parse_float=_mark, parse_constant=_refuse)
        spelled = _MARKED.sub(r"\1", json.dumps(header, ensure_ascii=False, separators=(",", ":")))
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) and spelled == text else None


def _mark(number: str) -> str:
    """Numbers with a fraction are kept as they came: JavaScript and Python spell some of them in two ways."""
    return f"\0{number}"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON.")


def _is_base64url(text: str) -> bool:
    if not _BASE64URL.fullmatch(text):
        return False
    rest = len(text) % 4
    return rest == 0 or (rest == 2 and text[-1] in _LAST_OF_TWO) or (rest == 3 and text[-1] in _LAST_OF_THREE)
