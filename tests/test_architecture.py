"""The rules of the house, read off the code by one `ast` walk. A rule is not weakened to let something pass."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ("config", "tenants", "tickets", "knowledge", "reports")
OWN = (*HOUSE, "tests", "benchmarks")


@dataclass(frozen=True)
class Module:
    path: str  # tickets/api/views.py
    tree: ast.Module
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        return self.path.partition("/")[0]


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for room in HOUSE:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            found.append(Module(str(path.relative_to(ROOT)), ast.parse(text), tuple(text.splitlines())))
    return tuple(found)


@cache
def nodes_of(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All of them: each rule looks through every module."""
    return tuple(ast.walk(tree))


def imports_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything imported; `from a import b` is `a.b`."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}" if node.module else alias.name, node.lineno


def attributes_of(tree: ast.AST) -> Iterator[tuple[ast.Attribute, int]]:
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute):
            yield node, node.lineno


def starts(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


Rule = Callable[[Module], Iterator[tuple[int, str]]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    RULES[check.__name__] = check
    return check


# What may break a rule, and why. Short, or the rule is wrong.
ALLOWED: dict[tuple[str, str], str] = {
    (
        "own_modules_are_imported_at_the_top",
        "config/apps.py",
    ): "Django registers checks in ready(), when models are there",
}


# ---------------------------------------------------------------- doors


DOOR_FILES = {"views.py", "forms.py", "admin.py", "webhooks.py", "jobs.py", "urls.py", "consumers.py", "sockets.py"}


def is_door(module: Module) -> bool:
    """What the world can reach. The demo loader writes a world of its own and is none."""
    parts = module.path.split("/")
    return parts[-1] in DOOR_FILES or bool({"api", "management", "live", "admin", "admin_site"} & set(parts[:-1]))


@rule
def doors_ask_queries_and_verbs_never_the_tables(module: Module) -> Iterator[tuple[int, str]]:
    if not is_door(module):
        return
    for attribute, line in attributes_of(module.tree):
        if attribute.attr in {"objects", "_default_manager", "_base_manager"}:
            yield line, "a door uses .objects: ask a query or a verb"


@rule
def doors_write_no_sql(module: Module) -> Iterator[tuple[int, str]]:
    if not is_door(module) or module.path == "tickets/management/commands/clock.py":
        return  # the clock asks the database for the time and for its lock
    for attribute, line in attributes_of(module.tree):
        of_super = isinstance(attribute.value, ast.Call) and getattr(attribute.value.func, "id", "") == "super"
        if attribute.attr in {"execute", "cursor", "raw"} and not of_super:  # a command's own execute() is none
            yield line, "a door writes SQL"


# ---------------------------------------------------------------- floors


ABOVE = {
    "tenants": ("tickets", "knowledge", "reports"),
    "knowledge": ("tickets", "reports"),
    "tickets": ("reports",),
    "reports": (),
    "config": (),
}


@rule
def no_room_imports_one_above_it(module: Module) -> Iterator[tuple[int, str]]:
    for name, line in imports_of(module.tree):
        if starts(name, *ABOVE[module.room]):
            yield line, f"imports {name}, which stands above"


@rule
def config_is_imported_by_nobody(module: Module) -> Iterator[tuple[int, str]]:
    for name, line in imports_of(module.tree):
        if module.room != "config" and starts(name, "config"):
            yield line, f"imports {name}: read django.conf.settings instead"


@rule
def models_know_no_verbs_and_no_queries(module: Module) -> Iterator[tuple[int, str]]:
    if "models" not in module.name.split("."):
        return
    for name, line in imports_of(module.tree):
        if re.search(r"\.(actions|queries|views|api|jobs|access)\b", name) and starts(name, *HOUSE):
            yield line, f"a model imports {name}"


@rule
def queries_know_no_verbs(module: Module) -> Iterator[tuple[int, str]]:
    if "/queries" not in module.path:
        return
    for name, line in imports_of(module.tree):
        if starts(name, *HOUSE) and ".actions" in name:
            yield line, f"a query imports {name}"


DOORS = re.compile(r"\.(views|api|admin|admin_site|forms|jobs|webhooks|consumers|management)\b")


@rule
def verbs_and_queries_know_no_doors(module: Module) -> Iterator[tuple[int, str]]:
    if "actions" not in module.name.split(".") and "/queries" not in module.path:
        return
    for name, line in imports_of(module.tree):
        if starts(name, *HOUSE) and DOORS.search(name):
            yield line, f"imports the door {name}"


PURE = (
    "tickets.clocks",
    "tickets.acknowledgement",
    "tickets.incoming",
    "tickets.rows",
    "tickets.replay.figures",
    "tickets.certification.lapse",
    "tickets.certification.marking",
)
# A pure module may know what the channels are called: an enumeration.
NO_DATABASE = re.compile(r"^django\.db\b(?!\.models$)|\.models\b|^(redis|channels|django_rq|psycopg)\b")


@rule
def pure_modules_know_no_database(module: Module) -> Iterator[tuple[int, str]]:
    if not starts(module.name, *PURE):
        return
    for name, line in imports_of(module.tree):
        if NO_DATABASE.search(name) and not name.startswith("django.utils"):
            yield line, f"a pure module imports {name}"
        if starts(module.name, "tickets.clocks") and starts(name, "django"):
            yield line, f"a clock imports {name}"


# ---------------------------------------------------------------- single places


def only_in(module: Module, *places: str) -> bool:
    return starts(module.name, *places)


@rule
def schemas_are_switched_in_one_place(module: Module) -> Iterator[tuple[int, str]]:
    if only_in(module, "tenants.context", "tenants.postgresql", "tenants.fleet"):
        return
    names = {"set_tenant", "set_schema", "set_schema_to_public", "schema_context", "tenant_context", "search_path"}
    for attribute, line in attributes_of(module.tree):
        if attribute.attr in names:
            yield line, f"switches the schema by {attribute.attr}: only tenants.context does"
    for name, line in imports_of(module.tree):
        if name.rpartition(".")[2] in names:
            yield line, f"imports {name}: only tenants.context switches"


@rule
def stores_are_entered_by_in_store_alone(module: Module) -> Iterator[tuple[int, str]]:
    for node in nodes_of(module.tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if isinstance(item.context_expr, ast.Name) and item.context_expr.id in {"store", "tenant", "found"}:
                    yield node.lineno, "`with store:` shares its state between threads: use in_store(store)"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if "in_store" in ast.dump(decorator):
                    yield node.lineno, "in_store as a decorator is shared between calls"


@rule
def the_channel_layer_has_one_caller(module: Module) -> Iterator[tuple[int, str]]:
    if only_in(module, "tenants.live"):
        return
    for attribute, line in attributes_of(module.tree):
        if attribute.attr in {"group_send", "get_channel_layer"}:
            yield line, "pushes by itself: tenants.live announces"
    for name, line in imports_of(module.tree):
        if starts(name, "channels.layers"):
            yield line, "imports the channel layer"


@rule
def jobs_have_one_importer(module: Module) -> Iterator[tuple[int, str]]:
    if only_in(module, "tenants.later", "tenants.management.commands.worker"):
        return
    for name, line in imports_of(module.tree):
        if starts(name, "django_rq", "rq"):
            yield line, f"imports {name}: tenants.later does"


@rule
def what_is_signed_bears_its_place(module: Module) -> Iterator[tuple[int, str]]:
    if only_in(module, "tenants.marks"):
        return
    for name, line in imports_of(module.tree):
        if starts(name, "django.core.signing", "django.contrib.auth.tokens"):
            yield line, f"imports {name}: tenants.marks signs, with the place in it"


@rule
def the_desk_index_has_one_writer(module: Module) -> Iterator[tuple[int, str]]:
    """Others may mark an entry as breached; only index.keep makes one, or takes it away."""
    if only_in(module, "tickets.desk.index", "tickets.demo"):
        return
    text = "\n".join(module.lines)
    for found in re.finditer(r"QueueEntry\.objects[^\n]*\.(create|bulk_create|update_or_create|delete)\(", text):
        yield text.count("\n", 0, found.start()) + 1, "writes the queue beside desk.index"


# ---------------------------------------------------------------- async


BLOCKING = {"objects", "connection", "connections", "cache", "default_storage", "cursor", "raw"}
HOPS = {"in_database", "sync_to_async", "database_sync_to_async", "to_thread", "run_in_executor"}


@rule
def async_code_touches_no_database_and_no_cache(module: Module) -> Iterator[tuple[int, str]]:
    for function in nodes_of(module.tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            if name in BLOCKING:
                yield node.lineno, f"`async def {function.name}` touches {name}"
            if name in {"in_store", "stores_for", "store_for", "ticket_for"} and not _handed_over(function, name):
                yield node.lineno, f"`async def {function.name}` calls {name}"


def _handed_over(function: ast.AsyncFunctionDef, name: str) -> bool:
    """Whether the name is only handed to what runs it in a thread."""
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
            return False
    return True


# ---------------------------------------------------------------- habits


@rule
def own_modules_are_imported_at_the_top(module: Module) -> Iterator[tuple[int, str]]:
    for function in nodes_of(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for name, line in imports_of(function):
                if starts(name, *OWN):
                    yield line, f"imports {name} inside {function.name}: a circle is hidden here"


@rule
def nothing_imports_everything(module: Module) -> Iterator[tuple[int, str]]:
    for name, line in imports_of(module.tree):
        if name.endswith(".*"):
            yield line, f"star import of {name}"


@rule
def only_tests_import_tests(module: Module) -> Iterator[tuple[int, str]]:
    for name, line in imports_of(module.tree):
        if starts(name, "tests", "benchmarks", "pytest"):
            yield line, f"imports {name}"


@rule
def no_model_signals(module: Module) -> Iterator[tuple[int, str]]:
    for name, line in imports_of(module.tree):
        if starts(name, "django.db.models.signals", "django.dispatch") or name.endswith("signals.receiver"):
            yield line, f"imports {name}: the verb does it"


@rule
def no_attics(module: Module) -> Iterator[tuple[int, str]]:
    for part in module.name.split("."):
        if part in {"utils", "util", "common", "core", "helpers", "services", "lib", "misc"}:
            yield 1, f"a room called {part}: say what it is for"


@rule
def every_index_names_its_reader(module: Module) -> Iterator[tuple[int, str]]:
    for node in nodes_of(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "Index" or node.func.attr.endswith(("GinIndex", "BrinIndex")):
            above = module.lines[node.lineno - 2].strip()
            if not above.startswith("#"):
                yield node.lineno, "an index without a comment above it that names its reader"


@rule
def every_module_says_what_it_is(module: Module) -> Iterator[tuple[int, str]]:
    trivial = len(module.lines) < 12 or module.path.endswith(("__init__.py", "apps.py"))
    if not trivial and not ast.get_docstring(module.tree):
        yield 1, "no docstring"


@rule
def now_is_an_argument_of_verbs(module: Module) -> Iterator[tuple[int, str]]:
    if "actions" not in module.name.split(".") and not starts(module.name, "tickets.clocks"):
        return
    for attribute, line in attributes_of(module.tree):
        of = attribute.value.id if isinstance(attribute.value, ast.Name) else ""
        if attribute.attr in {"now", "utcnow", "today"} and of in {"timezone", "datetime", "date"}:
            yield line, "reads a clock: `now` is an argument"


@rule
def exceptions_are_swallowed_with_a_word(module: Module) -> Iterator[tuple[int, str]]:
    for node in nodes_of(module.tree):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            )
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            if broad and not raises and "#" not in module.lines[node.lineno - 1]:
                yield node.lineno, "a broad except without the reason beside it"


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", sorted(RULES))
def test_house_rule(name: str) -> None:
    broken = [
        f"{module.path}:{line}: {what}"
        for module in modules()
        if (name, module.path) not in ALLOWED
        for line, what in RULES[name](module)
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_exceptions_are_still_needed() -> None:
    for name, path in ALLOWED:
        module = next((module for module in modules() if module.path == path), None)
        assert module is not None, path
        assert list(RULES[name](module)), f"{path} keeps {name} now: take it off the list"


def test_no_circles() -> None:
    """No module imports one that leads back to it."""
    names = {module.name for module in modules()}
    graph: dict[str, set[str]] = {}
    for module in modules():
        leads = set()
        for name, _line in imports_of(module.tree):
            target = name if name in names else name.rpartition(".")[0]
            if target in names and target != module.name and not module.name.startswith(f"{target}."):
                leads.add(target)
        graph[module.name] = leads
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join((*way[way.index(name) :], name))
        if name in done:
            return
        for lead in sorted(graph[name]):
            walk(lead, (*way, name))
        done.add(name)

    for name in sorted(graph):
        walk(name, ())


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("doors_ask_queries_and_verbs_never_the_tables", "tickets/views.py", "Ticket.objects.all()"),
        ("no_room_imports_one_above_it", "tenants/access.py", "from tickets.models import Ticket"),
        ("config_is_imported_by_nobody", "tickets/views.py", "from config import settings"),
        ("models_know_no_verbs_and_no_queries", "tickets/models/ticket.py", "from tickets.actions.close import close"),
        ("pure_modules_know_no_database", "tickets/clocks/wait.py", "from django.db import connection"),
        ("pure_modules_know_no_database", "tickets/rows.py", "from tickets.models import Ticket"),
        ("schemas_are_switched_in_one_place", "tickets/jobs.py", "connection.set_schema('x')"),
        ("schemas_are_switched_in_one_place", "tickets/jobs.py", "from django_tenants.utils import schema_context"),
        ("stores_are_entered_by_in_store_alone", "tickets/jobs.py", "with store:\n    pass"),
        ("the_channel_layer_has_one_caller", "tickets/jobs.py", "layer.group_send('x', {})"),
        ("jobs_have_one_importer", "tickets/jobs.py", "import django_rq"),
        ("async_code_touches_no_database_and_no_cache", "tickets/x.py", "async def f():\n    User.objects.get()"),
        ("async_code_touches_no_database_and_no_cache", "tickets/x.py", "async def f():\n    cache.get('x')"),
        ("own_modules_are_imported_at_the_top", "tickets/x.py", "def f():\n    from tickets import views"),
        ("no_model_signals", "tickets/x.py", "from django.db.models.signals import post_save"),
        ("no_attics", "tickets/utils.py", ""),
        ("every_index_names_its_reader", "tickets/models/x.py", "x = [\n    models.Index(fields=['a']),\n]"),
        ("now_is_an_argument_of_verbs", "tickets/actions/x.py", "timezone.now()"),
        ("exceptions_are_swallowed_with_a_word", "tickets/x.py", "try:\n    f()\nexcept Exception:\n    pass"),
        ("what_is_signed_bears_its_place", "tickets/x.py", "from django.core import signing"),
        ("the_desk_index_has_one_writer", "tickets/x.py", "QueueEntry.objects.create()"),
        ("queries_know_no_verbs", "tickets/queries.py", "from tickets.actions.close import close"),
        ("verbs_and_queries_know_no_doors", "tickets/actions/x.py", "from tickets.views import desk"),
        ("doors_write_no_sql", "tickets/views.py", "connection.cursor()"),
        ("only_tests_import_tests", "tickets/views.py", "from tests.cast import Cast"),
    ],
)
def test_each_rule_catches_what_it_is_for(name: str, path: str, text: str) -> None:
    module = Module(path, ast.parse(text), tuple(text.splitlines()))
    assert list(RULES[name](module))
