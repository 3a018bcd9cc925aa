"""What precis_i18n makes of usernames: RFC 8265's UsernameCaseMapped profile, by somebody else.

Reads {"names": [...]} from stdin, and prints for each what it is compared by; null where it is no username. A name is one
or more userparts, with spaces in between (section 3.1), which the library knows none of.
"""

import json
import sys

from precis_i18n import get_profile

profile = get_profile("UsernameCaseMapped")


def enforced(name):
    try:
        return " ".join(profile.enforce(part) for part in name.split(" "))
    except UnicodeEncodeError:
        return None


print(json.dumps([enforced(name) for name in json.load(sys.stdin)["names"]]))
