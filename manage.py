#!/usr/bin/env python
"""Django's command line, with this project's settings. What stops it before it starts is told in one line."""

import os
import sys


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever runs it by hand may have an older one
        sys.exit(f"deskfleet: Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("deskfleet: its packages are not installed here: run make up, or use .venv/bin/python.")
    try:
        _ = settings.INSTALLED_APPS
    except (ImproperlyConfigured, ValueError) as error:
        sys.exit(f"deskfleet: a setting can't be read: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0 if sys.argv[1:2] == ["up"] else 130)  # Ctrl-C is how `up` ends
