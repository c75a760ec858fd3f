from tickets.roster.models.exam import Certificate, Exam, ExamQuestion, ExamSop, Question, Sitting
from tickets.roster.models.shift import RosterEdit, Shift
from tickets.roster.models.skill import Capacity, Skill

__all__ = [
    "Capacity",
    "Certificate",
    "Exam",
    "ExamQuestion",
    "ExamSop",
    "Question",
    "RosterEdit",
    "Shift",
    "Sitting",
    "Skill",
]
