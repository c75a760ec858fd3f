"""A schema editor that can be listened to: what a migration really executed in one schema is replayed in others."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor


class SchemaEditor(DatabaseSchemaEditor):
    def execute(self, sql: Any, params: Any = ()) -> None:
        """Appends the statement, with its values in it, to `connection.heard` while that is a list."""
        text = str(sql) if params is None else self.connection.ops.compose_sql(str(sql), params)
        super().execute(text, None)
        heard: list[str] | None = getattr(self.connection, "heard", None)
        if heard is not None:
            heard.append(text)
