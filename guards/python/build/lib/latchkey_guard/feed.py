"""Follows the service's stream of revocations, and knows how recent its data is."""

from __future__ import annotations

import json
import os
import random
import threading
import weakref
from collections.abc import Callable

from .revoked import Revoked
from .service import Service, ServiceRefused

#: The wait before the next stream, in seconds; it doubles after each failed attempt.
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
#: In bytes. The service's lines have at most 1.5 MiB.
_LONGEST_LINE = 8 * 1024 * 1024
#: The time between two removals of expired revocations, in seconds.
_PRUNE_EVERY = 60.0


class Feed:
    """A thread in each process, which starts with the first check in it; a forked process starts its own."""

    def __init__(
        self,
        service: Service,
        revoked: Revoked,
        *,
        bound: float,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        warn: Callable[[str], None],
        on_following: Callable[[], None],
    ) -> None:
        self._service = service
        #: Called when a stream begins: the previous one may have ended because a key was removed.
        self._on_following = on_following
        self._revoked = revoked
        self._bound = bound
        self._clock = clock
        self._monotonic = monotonic
        self._warn = warn
        self._reset()
        # In the child process only the thread that forked runs; uWSGI and gunicorn fork after the API is loaded.
        child = weakref.WeakMethod(self._reset)
        os.register_at_fork(after_in_child=lambda: _call(child))

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_event_id: str | None = None
        self._complete_at = float("-inf")
        self._pruned_at = float("-inf")
        self._first = threading.Event()
        self._refused: ServiceRefused | None = None

    @property
    def is_current(self) -> bool:
        """Whether every revocation is known up to at most ``bound`` seconds ago."""
        return self._monotonic() - self._complete_at <= self._bound

    def begin(self) -> None:
        """Starts the thread, unless it runs in this process already."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="latchkey-guard", daemon=True)
                    self._thread.start()

    def wait(self, timeout: float | None) -> None:
        """Waits until all revocations are known for the first time."""
        self.begin()
        if not self._first.wait(timeout):
            raise TimeoutError("The feed of revocations has not come within the time that was given for it.")
        if self._refused is not None and self._complete_at == float("-inf"):
            raise self._refused

    def close(self) -> None:
        """Ends within about a second: the thread checks at each heartbeat of the service."""
        self._closing.set()

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            heard = threading.Event()
            try:
                self._follow(heard)
                failures = 0
            except Exception as error:  # any error is reported, and the guard reconnects
                if heard.is_set():
                    failures = 0
                if failures == 0:
                    self._warn(f"The feed of revocations broke off. {error}")
                if isinstance(error, ServiceRefused):
                    self._refused = error
                    self._first.set()
                failures += 1
            longest = min(_FIRST_WAIT * 2**failures, _LONGEST_WAIT)
            # Random, so that guards that lost the same service do not all reconnect at the same time.
            self._closing.wait(longest * random.uniform(0.5, 1))

    def _follow(self, heard: threading.Event) -> None:
        """Reads one stream to its end, or until the service has been silent for too long."""
        with self._service.follow(self._last_event_id, self._bound + 2) as response:
            self._on_following()
            fields: dict[str, str] = {}
            for line in iter(lambda: response.readline(_LONGEST_LINE), b""):
                if len(line) >= _LONGEST_LINE:
                    raise ValueError("A line is longer than 8 MiB: this is not the service's stream.")
                if self._closing.is_set():
                    return
                heard.set()
                name, _, value = line.decode().rstrip("\r\n").partition(":")
                if name in ("id", "data"):
                    fields[name] = value.removeprefix(" ")
                elif name:
                    continue
                elif "data" in fields:
                    self._take(fields)
                    fields = {}

    def _take(self, fields: dict[str, str]) -> None:
        page = json.loads(fields["data"])
        self._revoked.add(page["items"])
        self._last_event_id = fields.get("id", self._last_event_id)
        if page["complete"]:
            self._complete_at = self._monotonic()
            self._first.set()
            if self._complete_at - self._pruned_at >= _PRUNE_EVERY:
                self._revoked.prune(self._clock())
                self._pruned_at = self._complete_at


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    call = method()
    if call is not None:
        call()
