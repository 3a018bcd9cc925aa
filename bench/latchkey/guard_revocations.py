"""Begins a guard, and prints what that took: guard-revocations.ts in Python, with the same environment."""

import json
import os
import resource
import time

from latchkey_guard import Guard

CHECKS = 100_000


def resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


guard = Guard(
    issuer=os.environ["ISSUER"],
    audience=os.environ["ISSUER"],
    url=os.environ["SERVICE"],
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
)
before = resident()
begun = time.monotonic()
guard.start()
seconds = time.monotonic() - begun
mebibytes = resident() - before

authorization = os.environ["AUTHORIZATION"]
guard.check(authorization)
checking = time.monotonic()
for _ in range(CHECKS):
    guard.check(authorization)
microseconds = (time.monotonic() - checking) / CHECKS * 1e6
result = {"held": len(guard), "seconds": seconds, "mebibytes": mebibytes, "microseconds": microseconds}
print(f"RESULT {json.dumps(result)}")
guard.close()
