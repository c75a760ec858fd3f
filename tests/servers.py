"""A pytest plugin, loaded before Django's settings: real servers for the tests, unless some are named."""

import os
from pathlib import Path

from config import embedded

DATA = Path(__file__).resolve().parent.parent / ".data" / "test"

os.environ["DESKFLEET_DATA"] = str(DATA)
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("EMAIL_URL", "memorymail://")
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    _shared = embedded.share(DATA)
    os.environ.setdefault("DATABASE_URL", _shared.database_url)
    os.environ.setdefault("REDIS_URL", _shared.redis_url)
DATABASE_URL, REDIS_URL = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
