"""The same signed-in route as an application of FastAPI; uvicorn serves it (throughput.py)."""

from __future__ import annotations

import os
import sqlite3
from typing import Annotated

import jwt
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

KEY = os.environ["BENCH_KEY"]
QUERY = """
    SELECT username, role, must_change_password FROM sessions JOIN users USING (username) WHERE id = ?
"""

app = FastAPI()
database = sqlite3.connect(os.environ["BENCH_DATABASE"], check_same_thread=False)


class Me(BaseModel):
    username: str
    role: str
    must_change_password: bool


@app.get("/api/auth/me")
async def me(authorization: Annotated[str, Header()]) -> Me:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), KEY, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    row = database.execute(QUERY, (claims["sid"],)).fetchone()
    if row is None:
        raise HTTPException(401)
    return Me(username=row[0], role=row[1], must_change_password=bool(row[2]))
