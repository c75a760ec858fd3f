from tickets.certification.models.exam import Exam, ExamSop, ExamStore, Question
from tickets.certification.models.sitting import Certificate, Sitting

__all__ = ["Certificate", "Exam", "ExamSop", "ExamStore", "Question", "Sitting"]
