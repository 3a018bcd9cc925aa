from latchkey_guard.revoked import Revoked

UNTIL = "2026-11-24T09:20:00.000Z"
AFTER = 1_795_512_001


def claims(**more):
    return {"jti": "-", "sub": "-", "ver": 0, "sid": "-", "roles": [], **more}


def test_roles_revoke_their_holders_earlier_tokens():
    revoked = Revoked()
    revoked.add([{"kind": "role", "id": "auditor", "version": 3, "expires_at": UNTIL}])
    assert claims(roles=["reader", "auditor"], roles_ver=2) in revoked
    assert claims(roles=["auditor"]) in revoked
    assert claims(roles=["auditor"], roles_ver=3) not in revoked
    assert claims(roles=["reader"], roles_ver=2) not in revoked
    revoked.add([{"kind": "role", "id": "*", "version": 4, "expires_at": UNTIL}])
    assert claims(roles_ver=3) in revoked
    assert claims(roles_ver=4) not in revoked
    client = claims()
    del client["sid"]
    assert client not in revoked
    revoked.prune(AFTER)
    assert len(revoked) == 0


def test_versions_may_be_times_in_milliseconds():
    revoked = Revoked()
    for version in (1_795_512_000_000, 1_795_512_060_000):
        for kind, identifier in (("role", "*"), ("subject", "-")):
            revoked.add([{"kind": kind, "id": identifier, "version": version, "expires_at": UNTIL}])
    assert claims(ver=1_795_512_000_001, roles_ver=1_795_512_060_000) in revoked
    assert claims(ver=1_795_512_060_000, roles_ver=1_795_512_000_001) in revoked
    assert claims(ver=1_795_512_060_000, roles_ver=1_795_512_060_000) not in revoked
