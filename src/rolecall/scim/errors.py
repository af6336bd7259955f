"""Errors as RFC 7644 section 3.12 words them: a status, a scimType, and a sentence that helps.

Every function below builds one error of Table 8 or Table 9; the caller raises it. The detail says
what to do, since it is often the only thing that a person at the identity provider gets to see.
"""

from rolecall.scim.values import shown


class ScimError(Exception):
    """A request that can't be carried out, in the words of the protocol."""

    def __init__(self, status: int, scim_type: str | None, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.detail = shown(detail)

    def within(self, place: str) -> "ScimError":
        """Return the same error with the place it happened in front of its sentence."""
        return ScimError(self.status, self.scim_type, f"{place}: {self.detail}")


# RFC 7644 section 3.12, Table 9: what may be wrong with a request.


def invalid_filter(detail: str) -> ScimError:
    return ScimError(400, "invalidFilter", detail)


def invalid_path(detail: str) -> ScimError:
    return ScimError(400, "invalidPath", detail)


def invalid_value(detail: str) -> ScimError:
    return ScimError(400, "invalidValue", detail)


def invalid_syntax(detail: str) -> ScimError:
    return ScimError(400, "invalidSyntax", detail)


def no_target(detail: str) -> ScimError:
    return ScimError(400, "noTarget", detail)


def mutability(detail: str) -> ScimError:
    return ScimError(400, "mutability", detail)


def too_many(detail: str) -> ScimError:
    return ScimError(400, "tooMany", detail)


def sensitive(detail: str) -> ScimError:
    return ScimError(400, "sensitive", detail)


def uniqueness(detail: str) -> ScimError:
    return ScimError(409, "uniqueness", detail)


# RFC 9865 section 2.1, Table 3: what may be wrong with a page.


def invalid_cursor(detail: str) -> ScimError:
    return ScimError(400, "invalidCursor", detail)


def expired_cursor(detail: str) -> ScimError:
    return ScimError(400, "expiredCursor", detail)


def invalid_count(detail: str) -> ScimError:
    return ScimError(400, "invalidCount", detail)


# RFC 7644 section 3.12, Table 8: statuses that need no scimType.


def unauthorized(detail: str) -> ScimError:
    return ScimError(401, None, detail)


def forbidden(detail: str) -> ScimError:
    return ScimError(403, None, detail)


def not_found(detail: str) -> ScimError:
    return ScimError(404, None, detail)


def method_not_allowed(detail: str) -> ScimError:
    return ScimError(405, None, detail)


def conflict(detail: str) -> ScimError:
    return ScimError(409, None, detail)


def precondition_failed(detail: str) -> ScimError:
    return ScimError(412, None, detail)


def too_large(detail: str) -> ScimError:
    return ScimError(413, None, detail)


def unsupported_media_type(detail: str) -> ScimError:
    return ScimError(415, None, detail)


def too_many_requests(detail: str) -> ScimError:
    return ScimError(429, None, detail)


def internal(detail: str) -> ScimError:
    return ScimError(500, None, detail)


def not_implemented(detail: str) -> ScimError:
    return ScimError(501, None, detail)


def unavailable(detail: str) -> ScimError:
    return ScimError(503, None, detail)
