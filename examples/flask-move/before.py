"""A Flask application as many are: its own users, and tokens of Flask-JWT-Extended."""

import os
import sqlite3

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask, g, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt_identity,
    jwt_required,
)
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]
app.config["DATABASE"] = os.environ["DATABASE"]
JWTManager(app)


def database():
    if "database" not in g:
        g.database = sqlite3.connect(app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
    return g.database


@app.teardown_appcontext
def close_database(_error):
    if "database" in g:
        g.database.close()


def password_matches(stored, given):
    """The application has changed its mind about hashes twice."""
    if stored.startswith("$2b$"):
        return bcrypt.checkpw(given.encode(), stored.encode())
    if stored.startswith("$argon2"):
        try:
            return PasswordHasher().verify(stored, given)
        except VerifyMismatchError:
            return False
    return check_password_hash(stored, given)


def find_user(column, value):
    return database().execute(f"select * from user where {column} = ?", [value]).fetchone()


@app.post("/register")
def register():
    body = request.get_json()
    database().execute(
        "insert into user (username, password_hash, role, active) values (?, ?, 'reader', 1)",
        [body["username"], generate_password_hash(body["password"])],
    )
    database().commit()
    return "", 201


@app.post("/login")
def login():
    body = request.get_json()
    user = find_user("username", body["username"])
    if not user or not user["active"] or not password_matches(user["password_hash"], body["password"]):
        return jsonify(msg="Wrong name or password"), 401
    identity = str(user["id"])
    return jsonify(
        access_token=create_access_token(identity, fresh=True),
        refresh_token=create_refresh_token(identity),
    )


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity()))


@app.get("/reports")
@jwt_required()
def list_reports():
    user = find_user("id", get_jwt_identity())
    return jsonify(reports=["Visitors in October"], reader=user["username"])
