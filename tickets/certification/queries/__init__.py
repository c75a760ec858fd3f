from tickets.certification.queries.certified import certified_in

__all__ = ["certified_in"]
