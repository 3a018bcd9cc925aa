"""Spans of OpenTelemetry. It is imported where a guard is made with ``open_telemetry=True``, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPResponse
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request

from .claims import Caller
from .refusal import Refusal

if TYPE_CHECKING:
    from opentelemetry.trace import Span


class Tracing:
    """Makes a span of each check and of each request to the service. No token is in them.

    :raises ValueError: where ``opentelemetry-api`` is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry import propagate, trace
        except ImportError as error:
            raise ValueError(
                "The guard cannot be used so: open_telemetry needs opentelemetry-api (pip install opentelemetry-api)."
            ) from error
        self._inject = propagate.inject
        self._kinds = trace.SpanKind
        self._failed = trace.StatusCode.ERROR
        self._tracer = trace.get_tracer("latchkey_guard")

    def check(self, run: Callable[[], Caller]) -> Caller:
        """Runs the check of a token."""
        with self._tracer.start_as_current_span(
            "check access token", record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                caller = run()
            except Exception as error:
                refusal = error if isinstance(error, Refusal) else None
                span.set_attribute("latchkey.outcome", refusal.code if refusal else "error")
                # A token that is refused is no error of the guard.
                if refusal is None or refusal.status >= 500:
                    span.set_status(self._failed)
                raise
            span.set_attribute("latchkey.outcome", "accepted")
            span.set_attribute("user.id", caller.subject)
            return caller

    def request(self, request: Request, send: Callable[[], HTTPResponse]) -> HTTPResponse:
        """Sends a request to the service, with the context of its trace. The span ends where the response begins."""
        url = urlsplit(request.full_url)
        with self._tracer.start_as_current_span(
            f"{request.get_method()} {url.path}",
            kind=self._kinds.CLIENT,
            attributes={
                "http.request.method": request.get_method(),
                "url.path": url.path,
                "server.address": url.hostname or "",
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            carrier: dict[str, str] = {}
            self._inject(carrier)
            for name, value in carrier.items():
                request.add_header(name, value)
            try:
                response = send()
            except Exception as error:
                self._note_failure(span, error)
                raise
            span.set_attribute("http.response.status_code", response.status)
            return response

    def _note_failure(self, span: Span, error: Exception) -> None:
        if isinstance(error, HTTPError):
            span.set_attribute("http.response.status_code", error.code)
        span.set_status(self._failed)
