"""Flask with Flask-JWT-Extended and a blocklist, in memory or in SQLite: BLOCKLIST says which."""

import os
import sqlite3
import threading

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt, jwt_required


class MemoryBlocklist:
    """What a single process may do."""

    def __init__(self):
        self.ids = set()

    def add(self, token_id):
        self.ids.add(token_id)

    def __contains__(self, token_id):
        return token_id in self.ids


class SqliteBlocklist:
    """What several processes share; a connection for each thread."""

    def __init__(self, file):
        self.file = file
        self.local = threading.local()
        with self.connection() as connection:
            connection.execute("create table if not exists blocklist (jti text primary key)")

    def connection(self):
        if not hasattr(self.local, "connection"):
            self.local.connection = sqlite3.connect(self.file)
        return self.local.connection

    def add(self, token_id):
        with self.connection() as connection:
            connection.execute("insert or ignore into blocklist values (?)", (token_id,))

    def __contains__(self, token_id):
        query = self.connection().execute("select 1 from blocklist where jti = ?", (token_id,))
        return query.fetchone() is not None


app = Flask(__name__)
app.config["JWT_ALGORITHM"] = os.environ["ALGORITHM"]
app.config["JWT_SECRET_KEY"] = os.environ["VERIFICATION_KEY"]
app.config["JWT_DECODE_AUDIENCE"] = "http://127.0.0.1:3000"
jwt = JWTManager(app)
blocklist = (
    SqliteBlocklist(os.path.join(os.environ["DATA_FOLDER"], "blocklist.db"))
    if os.environ["BLOCKLIST"] == "sqlite"
    else MemoryBlocklist()
)


@jwt.token_in_blocklist_loader
def is_revoked(_header, claims):
    return claims["jti"] in blocklist


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(message="This is a protected endpoint.")


@app.delete("/logout")
@jwt_required()
def logout():
    blocklist.add(get_jwt()["jti"])
    return jsonify(message="Logged out")
