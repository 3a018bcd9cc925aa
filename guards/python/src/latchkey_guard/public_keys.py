"""Imports public keys, and refuses those that must not verify signatures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

#: In bits. RFC 7518, section 3.3. OpenSSL refuses a modulus above the maximum, with which verifying would take long.
_MIN_MODULUS, _MAX_MODULUS = 2048, 16_384
#: NIST SP 800-56B. With the exponent 1 anyone can sign, and small ones allow attacks on faulty padding checks.
_MIN_EXPONENT = 65_537
#: OpenSSL refuses a larger exponent if the modulus has more than 3,072 bits.
_MAX_EXPONENT_BITS = 64
#: NIST SP 800-89, section 5.3.3: the product of the odd primes that must not divide a modulus.
_SMALL_PRIMES_PRODUCT = math.prod(
    odd for odd in range(3, 752, 2) if all(odd % divisor for divisor in range(3, math.isqrt(odd) + 1, 2))
)
#: Algorithm → its curve (RFC 7518, section 3.4).
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
#: The members of private and symmetric keys (RFC 7518, section 6).
_SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class KeyRefused(Exception):
    """A key that must not be used; the message is put after "The key"."""


@dataclass(frozen=True)
class VerificationKey:
    """A key of the service."""

    #: The only algorithm that the key may be used with.
    algorithm: str
    key: jwt.PyJWK
    #: In bytes.
    signature_length: int


def import_key(jwk: Mapping[str, Any]) -> VerificationKey:
    """Imports a public key with one of the known algorithms. Raises ``KeyRefused`` if it must not be used."""
    _check_use(jwk)
    algorithm = jwk["alg"]
    if jwk.get("kty") != ("EC" if algorithm in _CURVES else "RSA") or jwk.get("crv") != _CURVES.get(algorithm):
        raise KeyRefused("is of no kind that is known here, or has an \"alg\" that it is not for")
    try:
        key = jwt.PyJWK(dict(jwk))
        length = _signature_length(key.key)
    except (jwt.exceptions.PyJWTError, ValueError, TypeError) as error:
        raise KeyRefused(f"cannot be imported ({error})") from error
    return VerificationKey(algorithm, key, length)


def _check_use(jwk: Mapping[str, Any]) -> None:
    if any(member in jwk for member in _SECRET_MEMBERS):
        raise KeyRefused("must be a public key: leave out its secret members")
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("must be for signatures (\"sig\")")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("must be for verifying: its \"key_ops\" do not have \"verify\"")


def _signature_length(key: object) -> int:
    if isinstance(key, EllipticCurvePublicKey):
        return 2 * ((key.curve.key_size + 7) // 8)
    if not isinstance(key, RSAPublicKey):
        raise KeyRefused("must be RSA, or of one of the curves P-256, P-384 and P-521")
    numbers = key.public_numbers()
    if not _MIN_MODULUS <= numbers.n.bit_length() <= _MAX_MODULUS:
        raise KeyRefused(f"must have {_MIN_MODULUS} bits or more (RFC 7518, section 3.3), and {_MAX_MODULUS} at most")
    if numbers.n % 2 == 0:
        raise KeyRefused("must have an odd modulus")
    if math.gcd(numbers.n, _SMALL_PRIMES_PRODUCT) != 1:
        raise KeyRefused("must have a modulus without small factors (NIST SP 800-89)")
    if numbers.e < _MIN_EXPONENT or numbers.e % 2 == 0 or numbers.e.bit_length() > _MAX_EXPONENT_BITS:
        raise KeyRefused(
            f"must have an odd public exponent of {_MIN_EXPONENT} or more, and of {_MAX_EXPONENT_BITS} bits at most"
        )
    return (numbers.n.bit_length() + 7) // 8
