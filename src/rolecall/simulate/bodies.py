"""The bodies that every provider sends alike."""

from rolecall.simulate.caller import Json
from rolecall.simulate.directory import Person, Team

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def patch_of(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP], "Operations": operations}


def user_values(person: Person) -> dict[str, Json]:
    """Return a person's attributes as a provider maps them."""
    return {
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "displayName": person.display_name,
        "title": person.title,
        "emails": [{"primary": True, "type": "work", "value": person.user_name}],
        "externalId": person.external_id,
        "active": True,
    }


def user_body(person: Person) -> Json:
    return {"schemas": [CORE_USER], **user_values(person)}


def group_body(team: Team) -> Json:
    """Return a new group; it is empty, because providers send the members later."""
    return {
        "schemas": [CORE_GROUP],
        "displayName": team.name,
        "externalId": team.external_id,
        "members": [],
    }
