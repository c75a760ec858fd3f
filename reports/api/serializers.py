"""What the API of the reports says, for its schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class FiguresOut(serializers.Serializer[Any]):
    opened = serializers.IntegerField()
    reopened = serializers.IntegerField()
    acknowledged = serializers.IntegerField()
    answered = serializers.IntegerField()
    within = serializers.IntegerField()
    late = serializers.IntegerField()
    breached = serializers.IntegerField()
    closed = serializers.IntegerField()
    first_response_p50_s = serializers.IntegerField(allow_null=True)
    first_response_p90_s = serializers.IntegerField(allow_null=True)
    share_within = serializers.FloatField(allow_null=True)


class WholeOut(FiguresOut):
    opened_before = serializers.IntegerField()


class ReportLineOut(WholeOut):
    key = serializers.CharField(help_text="A store's short name, a channel, a category or a day.")
    name = serializers.CharField()


class ReportOut(serializers.Serializer[Any]):
    to = serializers.DateField()
    by = serializers.CharField()
    whole = WholeOut()
    next = serializers.IntegerField(allow_null=True, help_text="The next page.")
    total = serializers.IntegerField()
    results = ReportLineOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(), **super().get_fields()}


class NowLineOut(FiguresOut):
    store = serializers.CharField()
    name = serializers.CharField()
    day = serializers.DateField()
    waiting = serializers.IntegerField()
    overdue = serializers.IntegerField()
    usual = serializers.FloatField(allow_null=True, help_text="Conversations of such a weekday until this hour.")


class NowPage(serializers.Serializer[Any]):
    next = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    results = NowLineOut(many=True)


class TicketBehindOut(serializers.Serializer[Any]):
    store = serializers.CharField()
    ticket = serializers.IntegerField()
    opening = serializers.IntegerField(allow_null=True)
    opened_at = serializers.DateTimeField()
    first_response_s = serializers.IntegerField(allow_null=True)
    within = serializers.BooleanField()
    late = serializers.BooleanField()
    breached = serializers.BooleanField()
    closed = serializers.BooleanField()


class TicketsBehindPage(serializers.Serializer[Any]):
    next = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    results = TicketBehindOut(many=True)
