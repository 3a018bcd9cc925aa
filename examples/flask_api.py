"""An API behind Latchkey, with Flask. Its operations are for users who have logged in at Latchkey and have the permission;
a logout there counts here at once.

    pip install './latchkey_guard-0.2.0-py3-none-any.whl[flask]' gunicorn   (`npm run pack` in the checkout makes it)
    ISSUER=http://127.0.0.1:3000 CLIENT_ID=… CLIENT_SECRET=… gunicorn --bind 127.0.0.1:4000 flask_api:app
"""

import os

from flask import Flask
from latchkey_guard.flask import FlaskGuard

issuer = os.environ["ISSUER"]
latchkey = FlaskGuard(
    issuer=issuer,
    audience=os.environ.get("AUDIENCE", issuer),
    client_id=os.environ["CLIENT_ID"],  # POST /clients with the scope revocations:read
    client_secret=os.environ["CLIENT_SECRET"],
)

reports = [{"id": 1, "title": "Visitors in October"}]
app = Flask(__name__)


@app.get("/reports")
@latchkey.requires("reports:read")
def list_reports():
    return {"reports": reports, "caller": latchkey.caller.subject}


# Sensitive operations require a token from a login in the last few minutes.
@app.delete("/reports")
@latchkey.requires("reports:write", "fresh:300")
def delete_reports():
    reports.clear()
    return "", 204


@app.get("/health")
def health():
    # Each worker follows the feed for itself, from its first guarded request on.
    return {"current": latchkey.is_current}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "4000")))
