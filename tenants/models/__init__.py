from tenants.models.agency import Agency
from tenants.models.certificate import DeletionCertificate
from tenants.models.ledger import SchemaRecord
from tenants.models.people import Assignment, Membership, User
from tenants.models.store import Domain, Store
from tenants.models.token import ApiToken

__all__ = [
    "Agency",
    "ApiToken",
    "Assignment",
    "DeletionCertificate",
    "Domain",
    "Membership",
    "SchemaRecord",
    "Store",
    "User",
]
