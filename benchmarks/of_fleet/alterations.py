"""Synthetic migrations of the tickets app: each one AddField and one index, in packages that are written beside.

`bench_tickets_2` is the tickets app's own migrations and two more. Django is told by MIGRATION_MODULES; models know
nothing of the columns, which are nullable, so the product works with any of them.
"""

from __future__ import annotations

from pathlib import Path

APP = "tickets"
REAL = Path(__file__).resolve().parent.parent.parent / APP / "migrations"

PACKAGE = """from tickets import migrations

__path__ = [*migrations.__path__, *__path__]
"""
MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("{app}", "{before}")]
    operations = [
        migrations.AddField("ticket", "bench_{number}", models.CharField(max_length=40, null=True)),
        migrations.AddIndex("ticket", models.Index(fields=["bench_{number}"], name="bench_{number}")),
    ]
"""


def write_packages(folder: Path, count: int) -> None:
    """bench_tickets_1 … count, in a folder that is then put on the path."""
    for state in range(1, count + 1):
        package = folder / _package(state)
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(PACKAGE)
        before = max(path.stem for path in REAL.glob("[0-9]*.py"))
        for number in range(1, state + 1):
            name = f"99{number:02}_bench"
            (package / f"{name}.py").write_text(MIGRATION.format(app=APP, before=before, number=number))
            before = name


def modules(state: int) -> dict[str, str]:
    """What is added to MIGRATION_MODULES so that so many alterations are at head."""
    return {APP: _package(state)} if state else {}


def _package(state: int) -> str:
    return f"bench_{APP}_{state}"
