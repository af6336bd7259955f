"""The forms of requests: each sentence says who sends it so, and which section it rests on.

An answer that can't be right is explained by the form of the request that it was given to.
"""

FORMS: dict[str, str] = {
    # -- what every provider sends
    "page": "A list is read by startIndex and count (RFC 7644 section 3.4.2.4): a connection test "
    "and an import begin with it.",
    "look-up": "Before a create the provider looks for the resource by an `eq` filter (RFC 7644 "
    "section 3.4.2.2): without an answer it can link nothing that is there.",
    "read": "A resource is read under its id (RFC 7644 section 3.4.1).",
    "create-user": "A user is created by POST and answered by 201 with the resource (RFC 7644 "
    "section 3.3).",
    "create-again": "A create is sent again when its answer was lost: 409 says that the user is "
    "there (RFC 7644 section 3.3), 200 or 201 that it was taken up again.",
    "create-group": "A group is created empty, its members follow (RFC 7644 section 3.3; members "
    "are not required, RFC 7643 section 4.2).",
    "change-user": "A user is changed by PATCH, by a path or by a value that names the attributes "
    "(RFC 7644 section 3.5.2.3).",
    "add-members": "Members are added as a list of values, one or a hundred at a time; who is in "
    "already changes nothing (RFC 7644 section 3.5.2.1).",
    "remove-member": 'One member is removed by `members[value eq "…"]` (RFC 7644 section 3.5.2.2).',
    "remove-absent": "A member who has left already is removed again after a lost answer: there is "
    "nothing left to do, so it is no error (RFC 7644 section 3.5.2.2 has none for it).",
    "rename-group": "A group is renamed by a replace of displayName, and keeps its id (RFC 7644 "
    "section 3.5.2.3).",
    "delete": "A resource is deleted by DELETE, answered by 204 (RFC 7644 section 3.6).",
    # -- Okta
    "okta-create": "Okta creates a user with a random password, a locale and `groups: []`; what a "
    "server takes from no client it ignores (RFC 7644 section 3.3).",
    "okta-put": "Okta sends the whole profile by PUT after a GET (RFC 7644 section 3.5.1).",
    "okta-active": "Okta activates, deactivates and sets passwords by a PATCH without a path, its "
    "value an object (RFC 7644 section 3.5.2.3).",
    "okta-members": "Okta pushes members with value and display, without a type (RFC 7643 section "
    "4.2 requires neither type nor $ref).",
    "okta-rename": "Okta renames a pushed group by a PATCH without a path whose value carries the "
    "group's own id beside displayName.",
    "okta-push": "Push now replaces all members at once, an empty list clears the group (RFC 7644 "
    "section 3.5.2.3).",
    "put-group": "The group is sent whole, with all its members, by PUT (RFC 7644 section 3.5.1).",
    # -- Microsoft Entra ID
    "entra-create": "Entra creates a user with meta, an empty list of roles and the enterprise "
    "extension; an attribute without a value is unassigned (RFC 7643 section 2.5).",
    "entra-create-group": "Entra creates a group with a schema of its own, `roles: []` and meta; "
    "it expects what a server does not know to be passed over.",
    "entra-patch": "Entra replaces attributes by their paths (RFC 7644 section 3.5.2.3), without "
    'the flag as Replace in capitals, and booleans as text, `"False"`.',
    "entra-flag": "With aadOptscim062020 Entra sends one replace without a path whose keys are "
    "dotted paths, such as `name.givenName`.",
    "entra-remove": "Without the flag Entra removes members by the path `members` and a list of "
    "values, and means those members alone, not all of them; RFC 7644 section 3.5.2.2 has no value "
    "in a remove.",
    "entra-manager": "Entra sends a manager as the bare id of a user, and clears it by its path; "
    "the standard's own form is an object (RFC 7643 section 4.3).",
    "entra-details": 'Entra sets `phoneNumbers[type eq "mobile"].value` and the like without '
    "knowing whether there is such an entry: the first makes it, later ones merge into it. "
    "RFC 7644 section 3.5.2.3 lets a server refuse a replace that matches nothing; Entra doesn't "
    "plan for it.",
    "entra-role": "With SingleAppRoleAssignment mapped Entra sets "
    '`roles[primary eq "True"].value`, '
    "the boolean as text, also where there is no such role yet.",
    "entra-spelling": "A path that an administrator has mapped is sent as it was typed: attribute "
    "names have no case (RFC 7643 section 2.1), and a URN may stand before core ones, too "
    "(RFC 7644 section 3.10).",
    "entra-probe": "Entra asks whether a reference is set by `id eq … and manager eq …`, and "
    "`members eq` for groups: 200 with or without a match, or 400 where it is not supported.",
    "entra-match": "A user is matched by what the mapping names: userName, externalId or "
    '`emails[type eq "work"].value`; disabled users are looked for, too.',
    # -- others
    "put-user": "The whole user is sent by PUT, to deactivate it as well (RFC 7644 section 3.5.1).",
    "jumpcloud-test": "JumpCloud's test makes a user and a group with that user inside, and "
    "removes both; where DELETE is not supported it deactivates the user.",
    "loose-members": "Rippling adds members without a path, and one member as an object that is "
    "no list.",
}
"""Why a request has the form it has, by the name of the form."""


def form_of(method: str, path: str, *, filtered: bool) -> str:
    """The form of a request that has none of a provider's own."""
    endpoint, _, id = path.partition("/")
    if method == "GET":
        return "read" if id else "look-up" if filtered else "page"
    user = endpoint == "Users"
    match method:
        case "POST":
            return "create-user" if user else "create-group"
        case "PUT":
            return "put-user" if user else "put-group"
        case "DELETE":
            return "delete"
        case _:
            return "change-user" if user else "add-members"
