"""Default roles: found whatever their case, and worth a warning when they can't take effect."""

import msgspec

from rolecall.domain import access
from rolecall.domain.model import Role, User
from rolecall.domain.names import Name, key_of
from rolecall.domain.ports import Asked, Reading
from rolecall.domain.predicate import Compare, Field, Operator
from rolecall.domain.session import Session


def settled(
    reading: Reading, session: Session, before: User | None, after: User
) -> tuple[User, tuple[str, ...]]:
    """A user whom SCIM gave a default role, with the role's own name, and what to warn of.

    A provider can't know how a name folds: `analyst` means the role ANALYST when there is no
    `analyst`. Setting it grants nothing (reference section 1). SQL names roles by its own rules.
    """
    wanted = after.default_role
    if session.integration is None or wanted is None:
        return after, ()
    if before is not None and before.default_role == wanted:
        return after, ()
    role = role_meant(reading, wanted)
    if role is None:
        return after, (f"defaultRole: there is no role {wanted}",)
    settled_user = msgspec.structs.replace(after, default_role=access.quoted(role.name))
    if role.id in access.roles_of_user(reading, after.id):
        return settled_user, ()
    return settled_user, (f"defaultRole: role {role.name} is not granted to the user",)


def role_meant(reading: Reading, text: str) -> Role | None:
    """The role of exactly this name, of its upper case, or the only one that differs in case."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return reading.role_named(Name(plain(text)))
    for name in dict.fromkeys((text, text.upper())):
        found = reading.role_named(Name(name))
        if found is not None:
            return found
    where = Compare(Field.NAME_KEY, Operator.EQ, key_of(text))
    page = reading.find_roles(Asked(where), 0, 2)
    return page.items[0].role if page.total == 1 else None


def plain(text: str) -> str:
    """A name without the double quotes that SQL puts around it.

    >>> plain('"Data ""X"" team"'), plain("ANALYST")
    ('Data "X" team', 'ANALYST')
    """
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text
