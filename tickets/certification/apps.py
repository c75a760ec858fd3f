from django.apps import AppConfig


class CertificationConfig(AppConfig):
    """上岗考核: exams, their questions, who sat them, what that is worth. Public: an agency's people and texts."""

    name = "tickets.certification"
    label = "certification"
