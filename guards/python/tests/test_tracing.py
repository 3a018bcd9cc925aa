"""Spans of the guard. OpenTelemetry's own exporter keeps them in memory."""

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from latchkey_guard import Guard, Refusal
from latchkey_guard.service import Service

_exporter = InMemorySpanExporter()
_provider = TracerProvider()
_provider.add_span_processor(SimpleSpanProcessor(_exporter))
trace.set_tracer_provider(_provider)


@pytest.fixture
def guard(issuer):
    guard = Guard(**issuer.options, open_telemetry=True)
    guard.start(timeout=20)
    _exporter.clear()
    yield guard
    guard.close()


def spans_named(name: str):
    return [span for span in _exporter.get_finished_spans() if span.name == name]


def test_makes_a_span_of_a_check_with_the_user_in_the_trace_of_the_request(issuer, guard):
    token = issuer.token(subject="ada")
    with trace.get_tracer("test").start_as_current_span("request") as request:
        guard.check(f"Bearer {token}")
    (check,) = spans_named("check access token")
    assert dict(check.attributes) == {"latchkey.outcome": "accepted", "user.id": "ada"}
    assert check.context.trace_id == request.get_span_context().trace_id
    assert token not in check.to_json()


def test_says_with_which_code_a_token_is_refused_which_is_no_error(issuer, guard):
    with pytest.raises(Refusal):
        guard.check(f"Bearer {issuer.token()}", "reports:read")
    (check,) = spans_named("check access token")
    assert dict(check.attributes) == {"latchkey.outcome": "insufficient_scope"}
    assert check.status.is_ok or check.status.is_unset
    assert not check.events


def test_makes_a_span_of_a_request_to_the_service_below_the_check_and_marks_what_fails():
    # Nothing listens on port 9.
    options = {"issuer": "http://127.0.0.1:9", "audience": "a", "client_id": "a", "client_secret": "b"}
    guard = Guard(**options, open_telemetry=True, warn=lambda message: None)
    _exporter.clear()
    with pytest.raises(Refusal) as caught:
        guard.check("Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.e30." + "A" * 86)
    guard.close()
    assert caught.value.code == "not_ready"
    (check,) = spans_named("check access token")
    assert not check.status.is_ok
    spans = _exporter.get_finished_spans()
    below = [span for span in spans if span.parent and span.parent.span_id == check.context.span_id]
    assert [span.name for span in below] == ["GET /.well-known/oauth-authorization-server"]
    assert below[0].attributes["server.address"] == "127.0.0.1"


def test_gives_the_context_of_the_trace_on(issuer, monkeypatch):
    seen = []
    send = Service._send

    def note(self, request, timeout):
        response = send(self, request, timeout)
        seen.append(request.get_header("Traceparent"))
        return response

    monkeypatch.setattr(Service, "_send", note)
    guard = Guard(**issuer.options, open_telemetry=True)
    guard.start(timeout=20)
    guard.close()
    assert seen
    assert all(value.startswith("00-") for value in seen)


def test_makes_no_span_without_the_option(issuer):
    _exporter.clear()
    guard = Guard(**issuer.options)
    guard.start(timeout=20)
    guard.check(f"Bearer {issuer.token()}")
    guard.close()
    assert not _exporter.get_finished_spans()


def test_says_what_is_missing_where_opentelemetry_is_not_installed(issuer, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ValueError, match="pip install opentelemetry-api"):
        Guard(**issuer.options, open_telemetry=True)
