"""The library's pages in the agency's admin."""

from knowledge.admin import articles, publish, replies, sops

__all__ = ["articles", "publish", "replies", "sops"]
