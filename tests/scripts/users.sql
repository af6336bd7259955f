create user bob password = 'swordfish' email = 'bob@example.com' default_role = analyst type = person;
--> User BOB successfully created.

create user if not exists bob;
--> BOB already exists, statement succeeded.

create user "BoB";
--! 002002 Object 'BOB' already exists.

create user zoe login_name = 'zoe@example.com' display_name = 'Zoë' default_namespace = demo_db."Public";
--> User ZOE successfully created.

show users like '%o%';
--> name | login_name | display_name | email | disabled | default_namespace | default_role | default_secondary_roles | owner | has_password | type
--> BOB | BOB | BOB | bob@example.com | false | NULL | ANALYST | ["ALL"] | ACCOUNTADMIN | true | PERSON
--> ZOE | zoe@example.com | Zoë | NULL | false | DEMO_DB."Public" | NULL | ["ALL"] | ACCOUNTADMIN | false | NULL

show terse users starts with 'Z';
--> name | display_name | email | comment | has_password | has_rsa_public_key
--> ZOE | Zoë | NULL | NULL | false | false

show users limit 1 from 'A';
--> name
--> BOB

alter user bob set disabled = true, comment = 'left', default_secondary_roles = ();
--> Statement executed successfully.

alter user bob unset email, password;
--> Statement executed successfully.

alter user bob rename to "bob b";
--> Statement executed successfully.

show users like 'bob%';
--> name | login_name | email | comment | disabled | default_secondary_roles | has_password
--> bob b | BOB | NULL | left | true | [] | false

alter user bob set comment = 'x';
--! 002003 User 'BOB' does not exist or not authorized.

alter user if exists bob set comment = 'x';
--> Statement executed successfully.

alter user ZOE set password = '';
--> Statement executed successfully.

alter user set comment = 'me';
--> Statement executed successfully.

alter user zoe set type = robot;
--! 001008 invalid value for property 'TYPE': it takes one of PERSON, SERVICE, SERVICE_AGENT, LEGACY_SERVICE

alter user zoe unset comment;
--> Statement executed successfully.

desc user zoe;
--> property | value | default
--> NAME | ZOE | null
--> COMMENT | null | null
--> DISPLAY_NAME | Zoë | null
--> TYPE | null | null
--> LOGIN_NAME | zoe@example.com | null
--> FIRST_NAME | null | null
--> MIDDLE_NAME | null | null
--> LAST_NAME | null | null
--> EMAIL | null | null
--> PASSWORD | null | null
--> MUST_CHANGE_PASSWORD | false | false
--> DISABLED | false | false
--> SNOWFLAKE_LOCK | false | false
--> SNOWFLAKE_SUPPORT | false | false
--> DAYS_TO_EXPIRY | null | null
--> MINS_TO_UNLOCK | null | null
--> DEFAULT_WAREHOUSE | null | null
--> DEFAULT_NAMESPACE | DEMO_DB."Public" | null
--> DEFAULT_ROLE | null | null
--> DEFAULT_SECONDARY_ROLES | [ALL] | [ALL]
--> EXT_AUTHN_DUO | false | false
--> EXT_AUTHN_UID | null | null
--> DEFAULT_MFA_METHOD | null | null
--> HAS_MFA | false | false
--> HAS_PAT | false | false
--> HAS_WORKLOAD_IDENTITY | false | false
--> MINS_TO_BYPASS_MFA | null | null
--> MINS_TO_BYPASS_NETWORK_POLICY | null | null
--> RSA_PUBLIC_KEY | null | null
--> RSA_PUBLIC_KEY_FP | null | null
--> RSA_PUBLIC_KEY_LAST_SET_TIME | null | null
--> RSA_PUBLIC_KEY_2 | null | null
--> RSA_PUBLIC_KEY_2_FP | null | null
--> RSA_PUBLIC_KEY_2_LAST_SET_TIME | null | null
--> PASSWORD_LAST_SET_TIME | null | null
--> CUSTOM_LANDING_PAGE_URL | null | null
--> CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD | false | false
--> IS_FROM_ORGANIZATION_USER | false | false

desc user nobody;
--! 002003 User 'NOBODY' does not exist or not authorized.

desc user "Zoe";
--! 002003 did you mean ZOE (without quotes)?

create or replace user zoe;
--> User ZOE successfully created.

drop user zoe;
--> ZOE successfully dropped.

drop user if exists zoe;
--> Drop statement executed successfully (ZOE already dropped).
