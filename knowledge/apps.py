from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """What an agency knows, written once: SOPs, articles, quick replies, and which store runs which version of them."""

    name = "knowledge"
