"""Certification in the agency's admin: exams and their questions for owners and leads, one's own for everybody."""

from tickets.certification.admin import exams, mine, questions, transfer

__all__ = ["exams", "mine", "questions", "transfer"]
