"""manage.py worker: works off jobs, JSON only, from the list in tenants.later and nothing else."""

from __future__ import annotations

from typing import Any

import django_rq
from django.core.management.base import BaseCommand
from rq.worker import Worker

from tenants.later import JOBS, ListedJob


class Command(BaseCommand):
    help = "Works off jobs. One queue a process: a worker on two loses a job when it is killed."

    def handle(self, *args: Any, **options: Any) -> None:
        queue = django_rq.get_queue("default")
        worker = Worker([queue], connection=queue.connection, job_class=ListedJob, serializer=queue.serializer)
        self.stdout.write(f"working off {', '.join(sorted(JOBS))}")
        worker.work(logging_level="WARNING")
