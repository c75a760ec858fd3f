from tenants.models.agency import Agency
from tenants.models.certificate import DeletionCertificate
from tenants.models.change import Change
from tenants.models.ledger import SchemaRecord
from tenants.models.people import Assignment, Membership, User
from tenants.models.store import Domain, Store
from tenants.models.team import Team, TeamMember
from tenants.models.token import ApiToken

__all__ = [
    "Agency",
    "ApiToken",
    "Assignment",
    "Change",
    "DeletionCertificate",
    "Domain",
    "Membership",
    "SchemaRecord",
    "Store",
    "Team",
    "TeamMember",
    "User",
]
