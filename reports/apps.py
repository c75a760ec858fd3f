from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Numbers over all stores: what was counted, and sums of it. Ids, times and counts; never a buyer's words."""

    name = "reports"
