"""What happens to a connection between two borrowers. No Django here: settings import it."""

from typing import Any

from psycopg import Connection


def forget(connection: Connection[Any]) -> None:
    """Called by the pool when a connection comes back, idle: no setting, role, lock or temporary table goes on.

    The search_path falls back to public, which the connection was opened with. A failure makes the pool drop it.
    """
    if not connection.autocommit:
        connection.autocommit = True
    connection.execute("DISCARD ALL")
