import os

from latchkey_client import Latchkey, LatchkeyError, ProblemCode, unwrap
from latchkey_client.api.protected import get_protected
from latchkey_client.api.users import create_user
from latchkey_client.models import CreateUserRequest

with Latchkey(os.environ.get("LATCHKEY_URL", "http://127.0.0.1:3000")) as latchkey:
    latchkey.login(os.environ["USERNAME"], os.environ["PASSWORD"])
    print(unwrap(get_protected.sync(client=latchkey.api)).message)
    try:
        create_user.sync(client=latchkey.api, body=CreateUserRequest(username="grace", password="short"))
    except LatchkeyError as error:
        if error.code == ProblemCode.INSUFFICIENT_SCOPE:
            print(f"May not: {error.detail}")
        elif error.code == ProblemCode.VALIDATION_FAILED:
            print("Not valid:", error.errors)
        else:
            raise
    latchkey.logout()
