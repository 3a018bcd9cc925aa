"""Reads a guard's options from a framework's configuration: Flask's ``app.config``, Django's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIONS = {
    "LATCHKEY_ISSUER": "issuer",
    "LATCHKEY_AUDIENCE": "audience",
    "LATCHKEY_CLIENT_ID": "client_id",
    "LATCHKEY_CLIENT_SECRET": "client_secret",
    "LATCHKEY_URL": "url",
    "LATCHKEY_JWKS_URI": "jwks_uri",
    "LATCHKEY_GUARD_LEEWAY": "leeway",
    "LATCHKEY_GUARD_BOUND": "bound",
    "LATCHKEY_GUARD_WHEN_STALE": "when_stale",
    "LATCHKEY_GUARD_OPEN_TELEMETRY": "open_telemetry",
}


def options_from(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a guard.

    :param config: options by the names above, and the service's ``JWT_…`` settings.
    :param given: options by their own names, which take precedence.
    :raises ValueError: if a required option is missing, or one is not known.
    """
    _check_names(config)
    options = {option: config[name] for name, option in _OPTIONS.items() if config.get(name) is not None}
    settings = {name: value for name, value in config.items() if name.startswith("JWT_")}
    options = {"settings": settings, **options, **given}
    missing = [name for name, option in _OPTIONS.items() if option in _REQUIRED and not options.get(option)]
    if missing:
        raise ValueError(f"The guard cannot be used so: {', '.join(missing)} must be set.")
    # The service's default for JWT_ENCODE_AUDIENCE.
    options.setdefault("audience", options["issuer"])
    return options


def _check_names(config: Mapping[str, Any]) -> None:
    """A misspelt option would do nothing. ``JWT_…`` settings may be those of another library."""
    unknown = [name for name in config if name.startswith("LATCHKEY_") and name not in _OPTIONS]
    if unknown:
        raise ValueError(
            f"The guard has no option {', '.join(sorted(unknown))}. There are {', '.join(_OPTIONS)}; "
            "settings of your own need another beginning than LATCHKEY_."
        )


_REQUIRED = ("issuer", "client_id", "client_secret")
