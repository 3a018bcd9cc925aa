"""Logs in again where a request has revoked the token, and keeps the account that does so out of harm's way."""

import json
import os
import urllib.request
import uuid

import schemathesis

service = os.environ["LATCHKEY_URL"]
account = os.environ["LATCHKEY_ACCOUNT"]


@schemathesis.auth(refresh_interval=2)
class Login:
    def get(self, case, context):
        body = json.dumps({"username": "admin", "password": os.environ["LATCHKEY_ADMIN_PASSWORD"]}).encode()
        request = urllib.request.Request(f"{service}/login", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)["access_token"]

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context, case, **kwargs):
    if case.path_parameters and case.path_parameters.get("id") == account:
        case.path_parameters["id"] = str(uuid.uuid4())
