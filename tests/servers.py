"""A pytest plugin, loaded before Django's settings: real servers for the tests, unless some are named."""

import os
from pathlib import Path

from config import embedded

# Beside each other, the processes of pytest-xdist have servers of their own: what is the server's, such as roles and
# the queue of jobs, would be seen by the other's tests.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
DATA = Path(__file__).resolve().parent.parent / ".data" / (f"test-{_worker}" if _worker else "test")

os.environ["DESKFLEET_DATA"] = str(DATA)
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("EMAIL_URL", "memorymail://")
if _worker and os.environ.get("TEST_SERVERS") == "embedded":  # those that pytest itself has started, and passed on
    del os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    _shared = embedded.share(DATA)
    os.environ["TEST_SERVERS"] = "embedded"
    os.environ.setdefault("DATABASE_URL", _shared.database_url)
    os.environ.setdefault("REDIS_URL", _shared.redis_url)
DATABASE_URL, REDIS_URL = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
