"""The properties of a user take what SQL and SCIM may say, and refuse the rest."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_user
from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import Json, User, UserType
from rolecall.domain.properties import (
    DESCRIBED,
    USER_PROPERTIES,
    differences,
    require_consistent,
    whole,
    with_property,
    without_property,
)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("COMMENT", "x", "x"),
        ("COMMENT", None, None),
        ("DISABLED", True, True),
        ("DISABLED", None, False),
        ("TYPE", "service", UserType.SERVICE),
        ("TYPE", "", None),
        ("TYPE", None, None),
        ("DEFAULT_SECONDARY_ROLES", "ALL", ("ALL",)),
        ("DEFAULT_SECONDARY_ROLES", "all", ("ALL",)),
        ("DEFAULT_SECONDARY_ROLES", ["ALL"], ("ALL",)),
        ("DEFAULT_SECONDARY_ROLES", "('ALL')", ("ALL",)),
        ("DEFAULT_SECONDARY_ROLES", None, None),
        ("DEFAULT_SECONDARY_ROLES", "NONE", ()),
        ("DEFAULT_SECONDARY_ROLES", "", ()),
        ("DEFAULT_SECONDARY_ROLES", [], ()),
        ("ALLOWED_INTERFACES", "streamlit, ALL", ("STREAMLIT", "ALL")),
        ("ALLOWED_INTERFACES", ["STREAMLIT"], ("STREAMLIT",)),
        ("ALLOWED_INTERFACES", None, ()),
        ("PASSWORD_SET_AT", 5, 5),
        ("PASSWORD_SET_AT", None, None),
    ],
)
def test_a_property_takes(name: str, value: Json, kept: object) -> None:
    user = with_property(a_user(), name, value)
    assert getattr(user, USER_PROPERTIES[name].field) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMMENT", 5),
        ("COMMENT", "x" * 8_193),
        ("DISABLED", "yes"),
        ("TYPE", "ROBOT"),
        ("DEFAULT_SECONDARY_ROLES", "SOME"),
        ("DEFAULT_SECONDARY_ROLES", ["ALL", "NONE"]),
        ("ALLOWED_INTERFACES", "EVERYTHING"),
        ("PASSWORD_SET_AT", True),
        ("PASSWORD_SET_AT", "noon"),
    ],
)
def test_a_property_refuses(name: str, value: Json) -> None:
    with pytest.raises(InvalidValue) as refused:
        with_property(a_user(), name, value)
    assert refused.value.property_name == name


def test_a_truth_is_no_whole_number() -> None:
    with pytest.raises(InvalidValue):
        whole("REJECT_TOKENS_ISSUED_BEFORE", value=True)


@given(st.sampled_from(sorted(USER_PROPERTIES)))
def test_a_property_unset_is_at_its_default(name: str) -> None:
    assert without_property(a_user(), name) == a_user()


@pytest.mark.parametrize(
    ("name", "value"),
    [("first_name", "B"), ("last_name", "B"), ("password", "v"), ("must_change_password", True)],
)
def test_a_service_user_has_no_property_of_a_person(name: str, value: Json) -> None:
    fields: dict[str, object] = {name: value}
    user = msgspec.structs.replace(a_user(type=UserType.SERVICE), **fields)
    with pytest.raises(InvalidValue) as refused:
        require_consistent(user)
    assert refused.value.property_name == name.upper()


@pytest.mark.parametrize(
    "user",
    [
        a_user(type=UserType.SERVICE),
        a_user(type=UserType.LEGACY_SERVICE, password="v"),
        a_user(password="v"),
    ],
)
def test_every_other_user_may_have_them(user: User) -> None:
    require_consistent(user)


def test_differences_name_what_changed() -> None:
    before = a_user(comment="old", default_secondary_roles=("ALL",), profile={"title": "Clerk"})
    after = a_user(comment="new", profile={"title": "Clerk", "nickName": "B"})
    assert differences(before, after) == (
        {"COMMENT": "old", "DEFAULT_SECONDARY_ROLES": ["ALL"], "nickName": None},
        {"COMMENT": "new", "DEFAULT_SECONDARY_ROLES": None, "nickName": "B"},
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(None, "verifier", (False, True)), ("one", "other", (True, True))],
)
def test_of_a_secret_differences_say_only_whether_there_is_one(
    old: str | None, new: str, said: tuple[bool, bool]
) -> None:
    was, now = differences(a_user(password=old), a_user(password=new))
    assert (was["PASSWORD"], now["PASSWORD"]) == said


def test_every_field_of_a_user_is_described_or_identity() -> None:
    described = {rule.field for rule in DESCRIBED.values()}
    assert set(User.__struct_fields__) - described == {
        "id",
        "created_at",
        "profile",
        "kept",
        "password_set_at",
        "rsa_public_key_set_at",
        "rsa_public_key_2_set_at",
        "failed_logins",
        "last_login_at",
        "has_access_token",
        "was_held",
    }
