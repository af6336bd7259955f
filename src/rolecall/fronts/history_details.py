"""DETAILS of a request in the history: why it was refused and what helps, then the request."""

import msgspec

from rolecall.domain.attempts import Attempt

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def details_of(attempt: Attempt) -> str | None:
    """The JSON text that REST_EVENT_HISTORY shows, to administrators alone."""
    if attempt.why is None and attempt.fix is None:
        return attempt.details
    told: dict[str, str | msgspec.Raw] = {}
    if attempt.why is not None:
        told["why"] = attempt.why
    if attempt.fix is not None:
        told["fix"] = attempt.fix
    kept = {} if attempt.details is None else _decode(attempt.details)
    return _encode({**told, **kept}).decode()
