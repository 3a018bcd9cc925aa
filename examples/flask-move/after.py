"""The same application behind Latchkey: users, passwords and tokens are there, and the reports stay here."""

import os

import requests
from flask import Flask, jsonify, request
from latchkey_guard.flask import FlaskGuard

issuer = os.environ["ISSUER"]
latchkey = FlaskGuard(
    issuer=issuer,
    audience=issuer,
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
)
app = Flask(__name__)


def forward(path, body):
    response = requests.post(issuer + path, json=body, timeout=10)
    return response.content, response.status_code, {"Content-Type": response.headers["Content-Type"]}


# For clients that do not know the new address yet. They keep the refresh token of each response.
@app.post("/login")
def login():
    return forward("/login", request.get_json())


@app.post("/refresh")
def refresh():
    _scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return forward("/refresh", {"refresh_token": token})


@app.get("/reports")
@latchkey.requires("reports:read")
def list_reports():
    return jsonify(reports=["Visitors in October"], reader=latchkey.caller.username)
