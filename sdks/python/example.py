import os

from latchkey_client import Latchkey, LatchkeyError, ProblemCode
from latchkey_client.models import CreateUserRequest

with Latchkey(os.environ.get("LATCHKEY_URL", "http://127.0.0.1:3000")) as latchkey:
    latchkey.login(os.environ["LATCHKEY_USERNAME"], os.environ["LATCHKEY_PASSWORD"])
    print(latchkey.protected.get().message)
    try:
        latchkey.users.create(body=CreateUserRequest(username="grace", password="short"))
    except LatchkeyError as error:
        if error.code == ProblemCode.INSUFFICIENT_SCOPE:
            print(f"May not: {error.detail}")
        elif error.code == ProblemCode.VALIDATION_FAILED:
            print("Not valid:", error.errors)
        else:
            raise
    latchkey.logout()
