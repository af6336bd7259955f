"""Entries as OpenLDAP, 389 Directory Server, FreeIPA and Active Directory export them."""

from __future__ import annotations

import pytest

from rolecall.push.directory import Directory, Phone
from rolecall.push.entries import directory_of
from rolecall.push.ldif import read_ldif

SLAPCAT = """\
dn: dc=example,dc=com
objectClass: top
objectClass: dcObject
objectClass: organization
o: Example
dc: example
structuralObjectClass: organization
entryUUID: 11111111-0000-103f-8000-000000000000
entryCSN: 20260101000000.000000Z#000000#000#000000

dn: uid=person-0001,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: posixAccount
uid: alias-of-0001
uid: person-0001
cn;lang-de: Ämber
cn: Amber Anvil
sn: Anvil
givenName;lang-en: Amber
mail: one@example.com
mail: ONE@example.com
mail: first@example.com
telephoneNumber: +1 555 0101
mobile: +1 555 0102
title: Smith
userPassword:: e1NTSEF9bm90LWEtaGFzaA==
jpegPhoto;binary:: /9j/4AA=
structuralObjectClass: inetOrgPerson
entryUUID: 1111111A-0000-103f-8000-000000000001
pwdAccountLockedTime: 20260101000000Z

dn: uid=person-0002,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: person-0002
cn: Birch Bellows
sn: Bellows
entryUUID: 11111111-0000-103f-8000-000000000002
pwdAccountLockedTime: 000001010000Z

dn: cn=blue,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: blue
member: UID=person-0001, ou=People,dc=example,dc=com
member: cn=placeholder
member:
entryUUID: 11111111-0000-103f-8000-000000000003

dn: cn=all,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
cn: all
uniqueMember: cn=blue,ou=groups,dc=example,dc=com
uniqueMember: uid=person\\2D0002,ou=people,dc=example,dc=com#'0101'B
entryUUID: 11111111-0000-103f-8000-000000000004

dn: cn=unix,ou=groups,dc=example,dc=com
objectClass: posixGroup
cn: unix
gidNumber: 500
memberUid: person-0001
memberUid: alias-of-0001
memberUid: nobody-here

"""

IPA = """\
# extended LDIF
#
# LDAPv3

# person-0001, users, accounts, example.com
dn: uid=person-0001,cn=users,cn=accounts,dc=example,dc=com
objectClass: ipaobject
objectClass: person
objectClass: inetorgperson
uid: person-0001
cn: Amber Anvil
sn: Anvil
mail: one@example.com
ipaUniqueID: 22222222-0000-11ee-8000-000000000001
nsAccountLock: TRUE
memberOf: cn=blue,cn=groups,cn=accounts,dc=example,dc=com

# person-0001, users, compat, example.com
dn: uid=person-0001,cn=users,cn=compat,dc=example,dc=com
objectClass: posixAccount
uid: person-0001
cn: Amber Anvil

# blue, groups, accounts, example.com
dn: cn=blue,cn=groups,cn=accounts,dc=example,dc=com
objectClass: groupofnames
objectClass: nestedgroup
cn: blue
member: uid=person-0001,cn=users,cn=accounts,dc=example,dc=com
ipaUniqueID: 22222222-0000-11ee-8000-000000000002

# search result
search: 2
result: 0 Success

# numResponses: 4
# numEntries: 3
"""

ACTIVE_DIRECTORY = """\
dn: CN=Anvil\\, Amber,OU=Staff,DC=example,DC=com
changetype: add
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
cn: Anvil, Amber
sn: Anvil
givenName: Amber
displayName: Anvil, Amber
sAMAccountName: aanvil
userPrincipalName: amber.anvil@example.com
userAccountControl: 512
objectGUID:: AQIDBAUGBwgJCgsMDQ4PEA==

dn: CN=Bellows\\, Birch,OU=Staff,DC=example,DC=com
changetype: add
objectClass: user
cn: Bellows, Birch
sAMAccountName: bbellows
userAccountControl: 514
objectGUID:: AQIDBAUGBwgJCgsMDQ4PEQ==

dn: CN=PRINTER-1,CN=Computers,DC=example,DC=com
changetype: add
objectClass: user
objectClass: computer
sAMAccountName: PRINTER-1$
objectGUID:: AQIDBAUGBwgJCgsMDQ4PEg==

dn: CN=Blue,OU=Groups,DC=example,DC=com
changetype: add
objectClass: group
cn: Blue
member: CN=Bellows\\, Birch,OU=Staff,DC=example,DC=com
member: CN=Anvil\\, Amber,OU=Staff,DC=example,DC=com
sAMAccountName: Blue
objectGUID:: AQIDBAUGBwgJCgsMDQ4PEw==

""".replace("\n", "\r\n")


def read(text: str) -> Directory:
    records = read_ldif(text.encode(), "x.ldif")
    return directory_of(records.records, records.problems)


def person(lines: str) -> str:
    return f"dn: uid=a,dc=example\nobjectClass: inetOrgPerson\n{lines}\n\n"


def test_openldap_people_are_read_in_full() -> None:
    first, second = read(SLAPCAT).people
    assert (first.anchor, first.user_name) == (
        "1111111a-0000-103f-8000-000000000001",
        "person-0001",
    )
    assert (first.given_name, first.family_name, first.title) == ("Amber", "Anvil", "Smith")
    assert (first.display_name, first.active) == ("Amber Anvil", True)
    assert first.emails == ("one@example.com", "first@example.com")
    assert first.phones == (
        Phone(kind="work", number="+1 555 0101"),
        Phone(kind="mobile", number="+1 555 0102"),
    )
    assert (second.user_name, second.active) == ("person-0002", False)


def test_openldap_groups_of_three_kinds_are_read() -> None:
    directory = read(SLAPCAT)
    one, two = (person.anchor for person in directory.people)
    blue, everyone, unix = directory.groups
    assert (blue.members, blue.strangers) == ((one,), ("cn=placeholder",))
    assert (everyone.members, everyone.nested) == ((two,), (blue.anchor,))
    assert (unix.members, unix.strangers) == ((one,), ("nobody-here",))
    assert unix.anchor == "cn=unix,ou=groups,dc=example,dc=com"
    assert directory.problems == ()


def test_freeipa_is_read_once_without_its_compat_tree() -> None:
    directory = read(IPA)
    (amber,) = directory.people
    assert (amber.anchor, amber.active) == ("22222222-0000-11ee-8000-000000000001", False)
    assert [group.members for group in directory.groups] == [(amber.anchor,)]
    assert directory.problems == ()


def test_a_group_may_be_named_like_the_compat_tree() -> None:
    text = "dn: cn=compat,ou=groups,dc=x\nobjectClass: groupOfNames\ncn: compat\n\n"
    assert [group.name for group in read(text).groups] == ["compat"]


def test_389_directory_server_knows_entries_by_nsuniqueid() -> None:
    entry = person("uid: a\ncn: A\nnsUniqueId: 33333333-000011EE-80000000-00000001")
    (found,) = read(f"version: 1\n\n# entry-id: 1\n{entry}").people
    assert found.anchor == "33333333-000011ee-80000000-00000001"


def test_active_directory_people_sign_in_by_principal_name_or_account_name() -> None:
    people = {person.user_name: person for person in read(ACTIVE_DIRECTORY).people}
    assert set(people) == {"amber.anvil@example.com", "bbellows"}
    assert people["amber.anvil@example.com"].anchor == "04030201-0605-0807-090a-0b0c0d0e0f10"
    assert (people["amber.anvil@example.com"].active, people["bbellows"].active) == (True, False)


def test_active_directory_groups_hold_people_with_commas_in_their_names() -> None:
    directory = read(ACTIVE_DIRECTORY)
    amber, birch = (person.anchor for person in directory.people)
    assert [(group.name, group.members) for group in directory.groups] == [("Blue", (birch, amber))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (person("cn: A"), "a person without uid"),
        (person("uid:: //8="), "a value of uid is not UTF-8"),
        (person("uid: a\nobjectGUID:: AQI="), "objectGUID is not 16 bytes long"),
        ("dn: nonsense\nobjectClass: person\nuid: a\n\n", "is not a distinguished name"),
        ("dn: ou=a\nobjectClass: groupOfNames\n\n", "a group without cn"),
        (
            "dn: cn=a\nobjectClass: groupOfNames\ncn: a\nmember: b\n\n",
            "is not a distinguished name",
        ),
        (
            "dn: cn=a\nobjectClass: group\ncn: a\nmember;range=0-1499: cn=b\n\n",
            "the server cut the member list",
        ),
    ],
)
def test_what_cannot_be_understood_is_a_problem_with_its_place(text: str, told: str) -> None:
    (problem,) = read(text).problems
    assert told in problem.why
    assert problem.where == "x.ldif, line 1"


def test_the_last_range_of_members_is_whole() -> None:
    text = "dn: cn=a\nobjectClass: group\ncn: a\nmember;range=1500-*: cn=b\n\n"
    assert (read(text).problems, read(text).groups[0].strangers) == ((), ("cn=b",))


def test_a_machine_is_no_person() -> None:
    text = "dn: uid=host$,dc=x\nobjectClass: posixAccount\nuid: host$\n\n"
    assert read(text) == Directory()


@pytest.mark.parametrize("line", ["inetUserStatus: deleted", "loginDisabled: TRUE"])
def test_other_servers_have_other_ways_to_disable(line: str) -> None:
    assert not read(person(f"uid: a\n{line}")).people[0].active
