create user bob password = 'p' email = 'b@example.com' rsa_public_key = 'MIIBIjAN' rsa_public_key_2 = 'MIIBIjAB' days_to_expiry = 30 mins_to_unlock = 5 mins_to_bypass_mfa = 10 mins_to_bypass_network_policy = 3 ext_authn_uid = 'bob-duo' default_mfa_method = totp custom_landing_page_url = 'https://example.com' custom_landing_page_url_flush_next_ui_load = true;
--> User BOB successfully created.

desc user bob;
--> property | value | default
--> NAME | BOB | null
--> COMMENT | null | null
--> DISPLAY_NAME | BOB | null
--> TYPE | null | null
--> LOGIN_NAME | BOB | null
--> FIRST_NAME | null | null
--> MIDDLE_NAME | null | null
--> LAST_NAME | null | null
--> EMAIL | b@example.com | null
--> PASSWORD | ******** | null
--> MUST_CHANGE_PASSWORD | false | false
--> DISABLED | false | false
--> SNOWFLAKE_LOCK | false | false
--> SNOWFLAKE_SUPPORT | false | false
--> DAYS_TO_EXPIRY | 30 | null
--> MINS_TO_UNLOCK | 5 | null
--> DEFAULT_WAREHOUSE | null | null
--> DEFAULT_NAMESPACE | null | null
--> DEFAULT_ROLE | null | null
--> DEFAULT_SECONDARY_ROLES | [ALL] | [ALL]
--> EXT_AUTHN_DUO | false | false
--> EXT_AUTHN_UID | bob-duo | null
--> DEFAULT_MFA_METHOD | TOTP | null
--> HAS_MFA | false | false
--> HAS_PAT | false | false
--> HAS_WORKLOAD_IDENTITY | false | false
--> MINS_TO_BYPASS_MFA | 10 | null
--> MINS_TO_BYPASS_NETWORK_POLICY | 3 | null
--> RSA_PUBLIC_KEY | MIIBIjAN | null
--> RSA_PUBLIC_KEY_FP | SHA256:KzpKsfDpvR4HidxMnj6ZwL5Ct0aY+V4Phbv94Wf6u9w= | null
--> RSA_PUBLIC_KEY_LAST_SET_TIME | 2026-01-01 00:00:00 UTC | null
--> RSA_PUBLIC_KEY_2 | MIIBIjAB | null
--> RSA_PUBLIC_KEY_2_FP | SHA256:+MyOb81zJG3222cpG72Zre6O05ftfx+YM9JzGFn/8qw= | null
--> RSA_PUBLIC_KEY_2_LAST_SET_TIME | 2026-01-01 00:00:00 UTC | null
--> PASSWORD_LAST_SET_TIME | 2026-01-01 00:00:00 UTC | null
--> CUSTOM_LANDING_PAGE_URL | https://example.com | null
--> CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD | true | false
--> IS_FROM_ORGANIZATION_USER | false | false

show users like 'bob';
--> name | mins_to_unlock | days_to_expiry | snowflake_lock | ext_authn_uid | mins_to_bypass_mfa | last_success_login | expires_at_time | locked_until_time | has_password | has_rsa_public_key | has_mfa | has_pat
--> BOB | 5 | 30 | false | bob-duo | 10 | NULL | 1769817600000000 | 1767225900000000 | true | true | false | false

alter user bob set mins_to_unlock = 0, days_to_expiry = 0, mins_to_bypass_mfa = 0;
--> Statement executed successfully.

show users like 'bob';
--> mins_to_unlock | days_to_expiry | mins_to_bypass_mfa | expires_at_time | locked_until_time
--> NULL | 0 | NULL | 1767225600000000 | NULL

alter user bob unset days_to_expiry, mins_to_unlock, mins_to_bypass_mfa, rsa_public_key, custom_landing_page_url, snowflake_lock;
--> Statement executed successfully.

show users like 'bob';
--> days_to_expiry | expires_at_time | has_rsa_public_key
--> NULL | NULL | true

alter user bob set rsa_public_key_2 = '';
--> Statement executed successfully.

show users like 'bob';
--> has_rsa_public_key
--> false

alter user bob set rsa_public_key = 'no key';
--! 001008 invalid value for property 'RSA_PUBLIC_KEY': it takes an RSA public key of at least 2048 bits in PEM, with or without its header

alter user bob set mins_to_unlock = -1;
--! 001008 invalid value for property 'MINS_TO_UNLOCK': it takes a whole number from 0 to 52596000

alter user bob set days_to_expiry = 36526;
--! 001008 invalid value for property 'DAYS_TO_EXPIRY': it takes a whole number from 0 to 36525

alter user bob set days_to_expiry = null, mins_to_unlock = null;
--> Statement executed successfully.

alter user bob set snowflake_lock = true;
--! 001008 invalid value for property 'SNOWFLAKE_LOCK': it is always false here; to keep a user out: disabled = true

alter user bob set snowflake_support = false, ext_authn_duo = false, disable_mfa = true;
--> Statement executed successfully.

alter user bob set type = service;
--! 001008 invalid value for property 'PASSWORD': a user of TYPE SERVICE has no such property

alter user bob set type = legacy_service mins_to_bypass_mfa = 1;
--> Statement executed successfully.

alter user bob unset password;
--> Statement executed successfully.

alter user bob set type = service;
--! 001008 invalid value for property 'MINS_TO_BYPASS_MFA': a user of TYPE SERVICE has no such property

alter user bob set type = null;
--> Statement executed successfully.

alter user bob unset password, mins_to_bypass_mfa, must_change_password;
--> Statement executed successfully.

alter user bob set type = service;
--> Statement executed successfully.

alter user bob set first_name = 'Bob';
--! 001008 invalid value for property 'FIRST_NAME': a user of TYPE SERVICE has no such property

alter user bob reset password;
--! 001008 invalid value for property 'PASSWORD': a user of TYPE SERVICE has no such property

alter user bob unset type;
--> Statement executed successfully.

alter user bob reset password;
--> user_name | password
--> BOB | a password

alter user nobody reset password;
--! 002003 User 'NOBODY' does not exist or not authorized.

alter user if exists nobody reset password;
--> token_name | token_secret

alter user bob abort all queries;
--> Statement executed successfully.

alter user nobody abort all queries;
--! 002003 User 'NOBODY' does not exist or not authorized.

alter user bob set disabled = true, comment = 'on leave', default_role = 'ANALYST', must_change_password = true;
--> Statement executed successfully.

create or alter user bob last_name = 'Stone' email = 'bob@example.com';
--> User BOB successfully altered.

show users like 'bob';
--> display_name | last_name | email | comment | disabled | must_change_password | default_role | default_secondary_roles | has_password
--> BOB | Stone | bob@example.com | NULL | true | true | NULL | ["ALL"] | true

create or alter user ida comment = 'new';
--> User IDA successfully created.

create or alter user ida;
--> User IDA successfully altered.

create or alter user ida disabled = true;
--> User IDA successfully altered.

show users like 'ida';
--> name | comment | disabled
--> IDA | NULL | true

create or alter user "Ida";
--! 002002 Object 'IDA' already exists.

create or alter user eve login_name = 'IDA';
--! 002002 Object 'IDA' already exists.
