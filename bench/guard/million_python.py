"""Begins a guard, and prints what that took as JSON."""

import json
import os
import resource
import time

from latchkey_guard import Guard


def memory() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


guard = Guard(
    issuer=os.environ["ISSUER"],
    audience=os.environ["ISSUER"],
    url=os.environ["SERVICE"],
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
)
before = memory()
begun = time.monotonic()
guard.start()
seconds = time.monotonic() - begun
mebibytes = memory() - before

authorization = f"Bearer {os.environ['TOKEN']}"
guard.check(authorization)
rounds = 100_000
checking = time.monotonic()
for _ in range(rounds):
    guard.check(authorization)
microseconds = (time.monotonic() - checking) / rounds * 1e6
print(json.dumps({"seconds": seconds, "mebibytes": mebibytes, "microseconds": microseconds, "held": len(guard)}))
