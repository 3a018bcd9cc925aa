"""The database of before.py, with five users whose hashes are of different years."""

import os
import sqlite3

import bcrypt
from argon2 import PasswordHasher
from werkzeug.security import generate_password_hash

password = os.environ.get("PASSWORD", "correct horse battery")
users = [
    ("ada", generate_password_hash(password), "reader", 1),
    ("grace", generate_password_hash(password, "pbkdf2:sha256:60000"), "reader", 1),
    ("edsger", bcrypt.hashpw(password.encode(), bcrypt.gensalt(8)).decode(), "reader", 1),
    ("barbara", PasswordHasher(memory_cost=8192, time_cost=1).hash(password), "reader", 1),
    ("linus", generate_password_hash(password, "scrypt:16384:8:1"), "reader", 0),
]
with sqlite3.connect(os.environ["DATABASE"]) as database:
    database.execute(
        "create table user (id integer primary key, username text unique not null,"
        " password_hash text not null, role text, active boolean not null)"
    )
    database.executemany(
        "insert into user (username, password_hash, role, active) values (?, ?, ?, ?)", users
    )
