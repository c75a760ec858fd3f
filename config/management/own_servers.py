"""Do the servers that DATABASE_URL and REDIS_URL name answer? Asked before anything is started."""

import environ
import psycopg
import redis


class WrongAddress(Exception):
    """One line for a person: which address is wrong and how."""


def check_database(url: str) -> None:
    """Raises WrongAddress unless a PostgreSQL lets us in at `url`."""
    try:
        parts = environ.Env.db_url_config(url) if "://" in url else {}
        if "postgresql" not in parts.get("ENGINE", ""):
            raise ValueError
    except ValueError:
        raise WrongAddress("DATABASE_URL is not of the form postgresql://user:password@host:5432/database.") from None
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    wanted = {key: parts[name] for key, name in names.items() if parts[name]} | parts.get("OPTIONS", {})
    try:
        psycopg.connect(**wanted, connect_timeout=5).close()
    except psycopg.Error as error:
        raise WrongAddress(f"DATABASE_URL does not answer: {_first_line(error)}") from None


def check_redis(url: str) -> None:
    """Raises WrongAddress unless a Redis or Valkey answers at `url`."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except ValueError:
        raise WrongAddress("REDIS_URL is not of the form redis://host:6379/0 or unix:///path/to/socket.") from None
    except redis.RedisError as error:
        raise WrongAddress(f"REDIS_URL does not answer: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
