"""Every attribute that a SCIM client can send or ask for is one row of a table in this file.

The rows are RFC 7643 sections 3.1 (common), 4.1 (User), 4.2 (Group) and 4.3 (enterprise), and the
vendor's own attributes under its two extension URNs. What `/Schemas` advertises, what a body may
hold, what a filter or a PATCH path may name: all of it is read from here.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import force_setattr, replace

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCOUNT_USER = "urn:ietf:params:scim:schemas:extension:2.0:User"


class Type(StrEnum):
    """RFC 7643 section 2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATETIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """RFC 7643 section 7: whether a client may set it."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """RFC 7643 section 7: when an answer holds it."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    """RFC 7643 section 7: among which resources its value is unique."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


class Attribute(Struct, frozen=True, kw_only=True, eq=False):
    """One attribute with its characteristics (RFC 7643 section 2.2).

    The rows of the tables are the only instances, so that two of them are equal when they are one.
    """

    name: str
    description: str
    type: Type = Type.STRING
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    by_name: Mapping[str, "Attribute"] = {}
    required_parts: tuple["Attribute", ...] = ()
    takes_text: bool = False
    """Whether it has one value, a text of any wording: nearly all that a client sets."""

    def __post_init__(self) -> None:
        settable = self.mutability is not Mutability.READ_ONLY
        single = self.type is Type.STRING and not self.multi_valued
        force_setattr(self, "takes_text", settable and single)
        force_setattr(self, "by_name", by_name(self.sub_attributes))
        force_setattr(self, "required_parts", tuple(a for a in self.sub_attributes if a.required))

    def __repr__(self) -> str:
        return f"<attribute {self.name}>"


class Schema(Struct, frozen=True, kw_only=True, eq=False):
    """A URN and the attributes that it stands for (RFC 7643 section 7)."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    by_name: Mapping[str, Attribute] = {}

    def __post_init__(self) -> None:
        force_setattr(self, "by_name", by_name(self.attributes))

    def __repr__(self) -> str:
        return f"<schema {self.urn}>"


class ResourceType(Struct, frozen=True, kw_only=True, eq=False):
    """An endpoint, its schema and its extensions (RFC 7643 section 6).

    `by_name` finds a core or common attribute, `by_urn` a schema by its lower-cased URN.
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    by_name: Mapping[str, Attribute] = {}
    by_urn: Mapping[str, Schema] = {}
    required: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        attributes = (*COMMON, *self.schema.attributes)
        force_setattr(self, "by_name", by_name(attributes))
        force_setattr(self, "by_urn", {s.urn.lower(): s for s in (self.schema, *self.extensions)})
        force_setattr(self, "required", tuple(a for a in self.schema.attributes if a.required))

    def __repr__(self) -> str:
        return f"<resource type {self.name}>"


def by_name(attributes: Iterable[Attribute]) -> dict[str, Attribute]:
    """Index attributes by their name as it is written and in lower case (RFC 7643 section 2.1)."""
    index: dict[str, Attribute] = {}
    for attribute in attributes:
        index[attribute.name] = index[attribute.name.lower()] = attribute
    return index


def find(index: Mapping[str, Attribute], name: str) -> Attribute | None:
    """Look an attribute up without regard to case.

    A name outside ASCII is no attribute: lower-casing U+212A would make a 'k' of it.
    """
    found = index.get(name)
    if found is None and name.isascii():
        return index.get(name.lower())
    return found


def find_schema(resource_type: ResourceType, urn: str) -> Schema | None:
    """Look up the core schema or an extension by its URN, without regard to case."""
    return resource_type.by_urn.get(urn.lower())


READ_ONLY = Mutability.READ_ONLY
IMMUTABLE = Mutability.IMMUTABLE

# RFC 7643 section 3.1: what every resource has. These rows are in no schema of `/Schemas`.
COMMON = (
    Attribute(
        name="schemas",
        description="URNs of the schemas that the resource uses.",
        type=Type.REFERENCE,
        multi_valued=True,
        case_exact=True,
        returned=Returned.ALWAYS,
        reference_types=("uri",),
    ),
    Attribute(
        name="id",
        description="Identifier that the server gives a resource once and never reuses.",
        case_exact=True,
        mutability=READ_ONLY,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
    ),
    Attribute(
        name="externalId",
        description="Identifier that the provisioning client gave the resource.",
        case_exact=True,
    ),
    Attribute(
        name="meta",
        description="What the server knows of the resource.",
        type=Type.COMPLEX,
        mutability=READ_ONLY,
        sub_attributes=(
            Attribute(
                name="resourceType",
                description="Name of the resource's type.",
                case_exact=True,
                mutability=READ_ONLY,
            ),
            Attribute(
                name="created",
                description="When the resource was created.",
                type=Type.DATETIME,
                mutability=READ_ONLY,
            ),
            Attribute(
                name="lastModified",
                description="When the resource last changed.",
                type=Type.DATETIME,
                mutability=READ_ONLY,
            ),
            Attribute(
                name="location",
                description="URL of the resource.",
                type=Type.REFERENCE,
                case_exact=True,
                mutability=READ_ONLY,
                reference_types=("uri",),
            ),
            Attribute(
                name="version",
                description="Version of the resource, as an ETag.",
                case_exact=True,
                mutability=READ_ONLY,
            ),
        ),
    ),
)

# RFC 7643 section 2.4: sub-attributes that multi-valued attributes share.
VALUE = Attribute(name="value", description="The value itself.")
DISPLAY = Attribute(name="display", description="A name for people to read.")
LABEL = Attribute(name="type", description="What the value is used for; other words are kept.")
PRIMARY = Attribute(
    name="primary",
    description="Whether this value is the preferred one; at most one may be.",
    type=Type.BOOLEAN,
)


def plural(name: str, description: str, *labels: str, value: Attribute = VALUE) -> Attribute:
    """Describe a multi-valued attribute of values, display names, labels and a primary mark."""
    return Attribute(
        name=name,
        description=description,
        type=Type.COMPLEX,
        multi_valued=True,
        sub_attributes=(value, DISPLAY, replace(LABEL, canonical_values=labels), PRIMARY),
    )


USER_ATTRIBUTES = (
    Attribute(
        name="userName",
        description="Name that the user signs in with; unique in the account.",
        required=True,
        uniqueness=Uniqueness.SERVER,
    ),
    Attribute(
        name="name",
        description="Parts of the user's name.",
        type=Type.COMPLEX,
        sub_attributes=(
            Attribute(name="formatted", description="The whole name, as it is shown."),
            Attribute(name="familyName", description="Family name, or last name."),
            Attribute(name="givenName", description="Given name, or first name."),
            Attribute(name="middleName", description="Middle names."),
            Attribute(name="honorificPrefix", description="Title before the name."),
            Attribute(name="honorificSuffix", description="Suffix after the name."),
        ),
    ),
    Attribute(name="displayName", description="Name shown to other people."),
    Attribute(name="nickName", description="Casual name."),
    Attribute(
        name="profileUrl",
        description="Address of a page about the user.",
        type=Type.REFERENCE,
        case_exact=True,
        reference_types=("external",),
    ),
    Attribute(name="title", description="Job title."),
    Attribute(name="userType", description="The user's relation to the organization."),
    Attribute(
        name="preferredLanguage", description="Languages, as in Accept-Language; kept as sent."
    ),
    Attribute(name="locale", description="Locale, such as en-US; kept as sent."),
    Attribute(name="timezone", description="Time zone, such as Europe/Berlin; kept as sent."),
    Attribute(
        name="active",
        description="Whether the user may sign in.",
        type=Type.BOOLEAN,
    ),
    Attribute(
        name="password",
        description="Password, kept only when the integration synchronizes passwords.",
        case_exact=True,
        mutability=Mutability.WRITE_ONLY,
        returned=Returned.NEVER,
    ),
    plural("emails", "E-mail addresses.", "work", "home", "other"),
    plural("phoneNumbers", "Telephone numbers.", "work", "home", "mobile", "fax", "pager", "other"),
    plural(
        "ims",
        "Instant messaging addresses.",
        *("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
    ),
    plural(
        "photos",
        "Addresses of pictures of the user.",
        "photo",
        "thumbnail",
        value=Attribute(
            name="value",
            description="Address of the picture.",
            type=Type.REFERENCE,
            case_exact=True,
            reference_types=("external",),
        ),
    ),
    Attribute(
        name="addresses",
        description="Postal addresses.",
        type=Type.COMPLEX,
        multi_valued=True,
        sub_attributes=(
            Attribute(name="formatted", description="The whole address, as on an envelope."),
            Attribute(name="streetAddress", description="Street and house number."),
            Attribute(name="locality", description="City or locality."),
            Attribute(name="region", description="State or region."),
            Attribute(name="postalCode", description="Postal code."),
            Attribute(name="country", description="Country, such as US; kept as sent."),
            replace(LABEL, canonical_values=("work", "home", "other")),
            PRIMARY,
        ),
    ),
    Attribute(
        name="groups",
        description="Groups that the user is in; changed through the groups themselves.",
        type=Type.COMPLEX,
        multi_valued=True,
        mutability=READ_ONLY,
        sub_attributes=(
            Attribute(
                name="value", description="Id of the group.", case_exact=True, mutability=READ_ONLY
            ),
            Attribute(
                name="$ref",
                description="URL of the group.",
                type=Type.REFERENCE,
                case_exact=True,
                mutability=READ_ONLY,
                reference_types=("User", "Group"),
            ),
            Attribute(name="display", description="Name of the group.", mutability=READ_ONLY),
            Attribute(
                name="type",
                description="Whether the membership is the user's own or comes through a group.",
                mutability=READ_ONLY,
                canonical_values=("direct", "indirect"),
            ),
        ),
    ),
    plural("entitlements", "Things that the user may have or use."),
    plural("roles", "Roles that the client knows the user by; they grant nothing here."),
    plural(
        "x509Certificates",
        "Certificates of the user.",
        value=Attribute(
            name="value",
            description="The certificate, DER in base64.",
            type=Type.BINARY,
            case_exact=True,
        ),
    ),
)

GROUP_ATTRIBUTES = (
    Attribute(
        name="displayName",
        description="Name of the role that the group is; no two are spelled alike.",
        required=True,
        uniqueness=Uniqueness.SERVER,
    ),
    Attribute(
        name="members",
        description="Users that have the role, and groups whose members have it.",
        type=Type.COMPLEX,
        multi_valued=True,
        sub_attributes=(
            Attribute(
                name="value",
                description="Id of the member.",
                required=True,
                case_exact=True,
                mutability=IMMUTABLE,
            ),
            Attribute(
                name="$ref",
                description="URL of the member.",
                type=Type.REFERENCE,
                case_exact=True,
                mutability=IMMUTABLE,
                reference_types=("User", "Group"),
            ),
            # Names of a thousand members make an answer half as large again, and nobody but a
            # person reads them: they come when `members` is asked for (RFC 7643 section 7).
            Attribute(
                name="display",
                description="Name of the member, when `attributes` asks for members.",
                mutability=READ_ONLY,
                returned=Returned.REQUEST,
            ),
            Attribute(
                name="type",
                description="Kind of the member, as its id has it.",
                mutability=IMMUTABLE,
                canonical_values=("User", "Group"),
            ),
        ),
    ),
)

# snowflake.md section 1: the vendor's own attributes, which are properties of the user in SQL.
ACCOUNT_ATTRIBUTES = (
    Attribute(
        name="allowedInterfaces",
        description="Interfaces that the user may sign in to: ALL, or of the others a list with "
        "commas. Nothing else is taken.",
        canonical_values=("ALL", "SNOWFLAKE_INTELLIGENCE", "STREAMLIT"),
    ),
    Attribute(
        name="defaultWarehouse", description="DEFAULT_WAREHOUSE of the user.", case_exact=True
    ),
    Attribute(
        name="defaultRole",
        description="DEFAULT_ROLE of the user, in upper case; it grants nothing.",
        case_exact=True,
    ),
    Attribute(
        name="defaultSecondaryRoles",
        description="DEFAULT_SECONDARY_ROLES of the user: ALL, or NONE or an empty text. Nothing "
        "else is taken.",
        canonical_values=("ALL", "NONE"),
    ),
    Attribute(
        name="type",
        description="TYPE of the user: person, legacy_service, or, for one that has neither names "
        "nor a password, service or service_agent.",
        # Suggestions (RFC 7643 section 7), and so only what fits any user.
        canonical_values=("person", "legacy_service"),
    ),
)

ENTERPRISE_ATTRIBUTES = (
    Attribute(name="employeeNumber", description="Number or text that the employer assigns."),
    Attribute(name="costCenter", description="Name of a cost center."),
    Attribute(name="organization", description="Name of an organization."),
    Attribute(name="division", description="Name of a division."),
    Attribute(name="department", description="Name of a department."),
    Attribute(
        name="manager",
        description="The user's manager.",
        type=Type.COMPLEX,
        sub_attributes=(
            Attribute(name="value", description="Id of the manager.", case_exact=True),
            Attribute(
                name="$ref",
                description="URL of the manager.",
                type=Type.REFERENCE,
                case_exact=True,
                reference_types=("User",),
            ),
            # RFC 7643 section 4.3 has it readOnly, for servers that look it up. A manager need
            # be nobody whom this account knows: the name is kept as it is sent.
            Attribute(name="displayName", description="Name of the manager, as it was sent."),
        ),
    ),
    *ACCOUNT_ATTRIBUTES,
    Attribute(
        name="snowflakeUserName",
        description="NAME of the user, when the account keeps it apart from userName.",
    ),
)

USER_SCHEMA = Schema(
    urn=CORE_USER, name="User", description="An account user.", attributes=USER_ATTRIBUTES
)
GROUP_SCHEMA = Schema(
    urn=CORE_GROUP,
    name="Group",
    description="A group, which is a role of the account.",
    attributes=GROUP_ATTRIBUTES,
)
ENTERPRISE_USER_SCHEMA = Schema(
    urn=ENTERPRISE_USER,
    name="EnterpriseUser",
    description="Enterprise attributes and properties of an account user.",
    attributes=ENTERPRISE_ATTRIBUTES,
)
ACCOUNT_USER_SCHEMA = Schema(
    urn=ACCOUNT_USER,
    name="AccountUser",
    description="Properties of an account user.",
    attributes=ACCOUNT_ATTRIBUTES,
)

USER = ResourceType(
    name="User",
    endpoint="/Users",
    description="A user of the account.",
    schema=USER_SCHEMA,
    extensions=(ENTERPRISE_USER_SCHEMA, ACCOUNT_USER_SCHEMA),
)
GROUP = ResourceType(
    name="Group",
    endpoint="/Groups",
    description="A role of the account, with its members.",
    schema=GROUP_SCHEMA,
)

# The vendor's attributes are the same under either URN (reference section 1), and an answer shows
# them under one, which the dialect decides: only there are they advertised.
NOT_UNDER_ACCOUNT = frozenset(f"{ACCOUNT_USER}:{row.name}" for row in ACCOUNT_ATTRIBUTES)
NOT_UNDER_ENTERPRISE = frozenset(f"{ENTERPRISE_USER}:{row.name}" for row in ACCOUNT_ATTRIBUTES)

RESOURCE_TYPES = (USER, GROUP)
SCHEMAS = (USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA, ACCOUNT_USER_SCHEMA)
