use role accountadmin;
--> Statement executed successfully.

create role if not exists generic_scim_provisioner;
--> GENERIC_SCIM_PROVISIONER already exists, statement succeeded.

create or replace role analyst comment = 'reads';
--> Role ANALYST successfully created.

create or alter role analyst comment = 'reads and counts';
--> Role ANALYST successfully altered.

create role engineer;
--> Role ENGINEER successfully created.

create role "Analysts";
--> Role Analysts successfully created.

alter role engineer rename to builder;
--> Statement executed successfully.

alter role builder set comment = 'builds';
--> Statement executed successfully.

execute immediate 'alter role builder set comment = ''by text''';
--> Statement executed successfully.

alter role builder unset comment;
--> Statement executed successfully.

execute immediate 'alter role builder set comment = ''builds by text''';
--> Statement executed successfully.

alter role builders set comment = 'x';
--! 002003 Role 'BUILDERS' does not exist or not authorized.

alter role analysts set comment = 'x';
--! 002003 did you mean "Analysts" (quoted)?

show roles like 'a%';
--> name | owner | comment
--> ACCOUNTADMIN |  |
--> ANALYST | ACCOUNTADMIN | reads and counts
--> Analysts | ACCOUNTADMIN |

show terse roles starts with 'B';
--> name
--> BUILDER

desc role builder;
--> property
--> NAME
--> OWNER
--> COMMENT
--> CREATED_ON

drop role if exists nobody;
--> Drop statement executed successfully (NOBODY already dropped).

drop role accountadmin;
--! 003001 System role 'ACCOUNTADMIN' can't be changed, given away or dropped.

create database sales;
--> Database SALES successfully created.

show databases like 's%';
--> name | owner
--> SALES | ACCOUNTADMIN

use database sales;
--> Statement executed successfully.

use schema information_schema;
--> Statement executed successfully.

use warehouse small;
--> Statement executed successfully.

use secondary roles none;
--> Statement executed successfully.

use secondary roles all;
--> Statement executed successfully.

use secondary roles sysadmin, securityadmin;
--> Statement executed successfully.

select current_database(), current_schema(), current_warehouse(), current_role();
--> CURRENT_DATABASE() | CURRENT_SCHEMA() | CURRENT_WAREHOUSE() | CURRENT_ROLE()
--> SALES | INFORMATION_SCHEMA | SMALL | ACCOUNTADMIN

drop database sales;
--> SALES successfully dropped.

use database demo_db;
--> Statement executed successfully.

create user ann password = 'first-secret' login_name = 'ann@example.com' display_name = 'Ann' first_name = 'Ann' middle_name = 'B' last_name = 'Ames' email = 'ann@example.com' must_change_password = false disabled = false default_role = analyst default_warehouse = small default_namespace = demo_db.public default_secondary_roles = ('ALL') type = person comment = 'first' days_to_expiry = 30;
--> User ANN successfully created.

create user ann;
--! 002002 Object 'ANN' already exists.

create or alter user ann login_name = 'ann@example.com' email = 'ann@example.com' default_role = analyst;
--> User ANN successfully altered.

create user robot type = service rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtE3PsS6d8lMrxiwu09RxV9UPs1rO7us0LBAZDYoOn1xDxAmD60Nlh8iSGriFSH9Bu7STkhIGp+/u6k9iw5U+vcYXmWrQ/l4ynCdnbv+rXTwgx06tQjpBgIIkXT9wM1Zv+Iy5Zbius0sJ8LW91YbEY8sYR/ygTirhB9Kp98vvycfXGwxODLjl09o9OLBgiSnjlfymv0x0hmSoBuKojhi5WApSczcj4S2kYNiXOzSDnh+9eKWui3QsaCPxsEPNt8Mwa6wifozoO0HTz7vK8h0jBcyMx6NPdJDdOFkejQbw/u871KOuRCiASgwptOkBEtl3Y5vorq7om69s6ehKthmYSwIDAQAB';
--> User ROBOT successfully created.

alter user ann set comment = 'counts', rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtE3PsS6d8lMrxiwu09RxV9UPs1rO7us0LBAZDYoOn1xDxAmD60Nlh8iSGriFSH9Bu7STkhIGp+/u6k9iw5U+vcYXmWrQ/l4ynCdnbv+rXTwgx06tQjpBgIIkXT9wM1Zv+Iy5Zbius0sJ8LW91YbEY8sYR/ygTirhB9Kp98vvycfXGwxODLjl09o9OLBgiSnjlfymv0x0hmSoBuKojhi5WApSczcj4S2kYNiXOzSDnh+9eKWui3QsaCPxsEPNt8Mwa6wifozoO0HTz7vK8h0jBcyMx6NPdJDdOFkejQbw/u871KOuRCiASgwptOkBEtl3Y5vorq7om69s6ehKthmYSwIDAQAB';
--> Statement executed successfully.

alter user ann unset comment, rsa_public_key;
--> Statement executed successfully.

alter user robot rename to machine;
--> Statement executed successfully.

alter user machine set email = 7;
--! 001003 Expected a string in single quotes.

alter user machine set colour = 'red';
--! 001003 Expected a property of a user.

alter user ann reset password;
--> user_name
--> ANN

grant role analyst to user machine;
--> Statement executed successfully.

alter user machine add programmatic access token sync role_restriction = 'ANALYST' days_to_expiry = 10;
--> token_name
--> SYNC

alter user machine rotate programmatic access token sync expire_rotated_token_after_hours = 0;
--> token_name
--> SYNC

alter user machine modify programmatic access token sync set comment = 'nightly';
--> Statement executed successfully.

show user programmatic access tokens for user machine;
--> user_name | role_restriction
--> MACHINE | ANALYST
--> MACHINE | ANALYST

alter user ann abort all queries;
--> Statement executed successfully.

alter user machine remove programmatic access token sync;
--> Statement executed successfully.

show users like 'ann';
--> name | login_name | email | default_role | has_password | disabled
--> ANN | ann@example.com | ann@example.com | ANALYST | true | false

show terse users starts with 'MACH';
--> name
--> MACHINE

desc user ann;
--> property | default
--> NAME | null
--> COMMENT | null
--> DISPLAY_NAME | null
--> TYPE | null
--> LOGIN_NAME | null
--> FIRST_NAME | null
--> MIDDLE_NAME | null
--> LAST_NAME | null
--> EMAIL | null
--> PASSWORD | null
--> MUST_CHANGE_PASSWORD | false
--> DISABLED | false
--> SNOWFLAKE_LOCK | false
--> SNOWFLAKE_SUPPORT | false
--> DAYS_TO_EXPIRY | null
--> MINS_TO_UNLOCK | null
--> DEFAULT_WAREHOUSE | null
--> DEFAULT_NAMESPACE | null
--> DEFAULT_ROLE | null
--> DEFAULT_SECONDARY_ROLES | [ALL]
--> EXT_AUTHN_DUO | false
--> EXT_AUTHN_UID | null
--> DEFAULT_MFA_METHOD | null
--> HAS_MFA | false
--> HAS_PAT | false
--> HAS_WORKLOAD_IDENTITY | false
--> MINS_TO_BYPASS_MFA | null
--> MINS_TO_BYPASS_NETWORK_POLICY | null
--> RSA_PUBLIC_KEY | null
--> RSA_PUBLIC_KEY_FP | null
--> RSA_PUBLIC_KEY_LAST_SET_TIME | null
--> RSA_PUBLIC_KEY_2 | null
--> RSA_PUBLIC_KEY_2_FP | null
--> RSA_PUBLIC_KEY_2_LAST_SET_TIME | null
--> PASSWORD_LAST_SET_TIME | null
--> CUSTOM_LANDING_PAGE_URL | null
--> CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD | false
--> IS_FROM_ORGANIZATION_USER | false

grant role analyst to role builder with grant option;
--> Statement executed successfully.

grant role builder to role analyst;
--! 001008 Granting role 'BUILDER' to role 'ANALYST' would make it inherit itself.

grant role analyst to user ann;
--> Statement executed successfully.

revoke grant option for role analyst from role builder cascade;
--> Statement executed successfully.

revoke role analyst from role builder;
--> Statement executed successfully.

grant create user, create role on account to role generic_scim_provisioner;
--> Statement executed successfully.

grant create role on account to role builder with grant option;
--> Statement executed successfully.

revoke grant option for create role on account from role builder;
--> Statement executed successfully.

revoke create role on account from role builder;
--> Statement executed successfully.

grant monitor on user ann to role builder;
--> Statement executed successfully.

revoke monitor on user ann from role builder;
--> Statement executed successfully.

grant fly on account to role builder;
--! 001003 Expected a privilege.

grant role generic_scim_provisioner to role accountadmin;
--> Statement executed successfully.

grant ownership on user machine to role builder;
--> Statement executed successfully.

grant ownership on role "Analysts" to role builder copy current grants;
--> Statement executed successfully.

grant ownership on all users owned by role builder to role generic_scim_provisioner;
--> Statement executed successfully. Ownership of 1 user transferred.

grant ownership on all roles owned by role builder to role generic_scim_provisioner;
--> Statement executed successfully. Ownership of 1 role transferred.

show grants to role generic_scim_provisioner;
--> privilege | granted_on | name | granted_by
--> OWNERSHIP | ROLE | Analysts | GENERIC_SCIM_PROVISIONER
--> OWNERSHIP | USER | MACHINE | GENERIC_SCIM_PROVISIONER
--> CREATE ROLE | ACCOUNT | DEMO | ACCOUNTADMIN
--> CREATE USER | ACCOUNT | DEMO | ACCOUNTADMIN

show grants to user ann;
--> role | granted_to | grantee_name
--> ANALYST | USER | ANN

show grants of role analyst;
--> role | granted_to | grantee_name
--> ANALYST | USER | ANN
--> ANALYST | USER | MACHINE

show grants on role analyst;
--> privilege | granted_on | grantee_name
--> OWNERSHIP | ROLE | ACCOUNTADMIN

show grants on account limit 1;
--> granted_on
--> ACCOUNT

show grants limit 1;
--> granted_to
--> USER

create network rule everywhere type = ipv4 value_list = ('0.0.0.0/0') comment = 'all';
--> Network rule EVERYWHERE successfully created.

create or alter network rule everywhere type = ipv4 value_list = ('0.0.0.0/0') comment = 'all of it';
--> Network rule EVERYWHERE successfully altered.

create network rule elsewhere type = ipv4 value_list = ('192.0.2.0/24');
--> Network rule ELSEWHERE successfully created.

alter network rule elsewhere set value_list = ('192.0.2.0/25');
--> Statement executed successfully.

show network rules;
--> name | type | mode
--> ELSEWHERE | IPV4 | INGRESS
--> EVERYWHERE | IPV4 | INGRESS

desc network rule elsewhere;
--> name | type | value_list
--> ELSEWHERE | IPV4 | 192.0.2.0/25

create network policy open allowed_network_rule_list = ('everywhere');
--> Network policy OPEN successfully created.

create or alter network policy open allowed_network_rule_list = ('everywhere') comment = 'for all';
--> Network policy OPEN successfully altered.

create network policy closed allowed_ip_list = ('192.0.2.0/24');
--> Network policy CLOSED successfully created.

alter network policy open add blocked_network_rule_list = ('elsewhere');
--> Statement executed successfully.

alter network policy open remove blocked_network_rule_list = ('elsewhere');
--> Statement executed successfully.

alter network policy closed rename to office;
--> Statement executed successfully.

alter network policy office set comment = 'desks';
--> Statement executed successfully.

alter network policy office unset comment;
--> Statement executed successfully.

show network policies;
--> name | entries_in_allowed_ip_list
--> OFFICE | 1
--> OPEN | 0

desc network policy office;
--> name | value
--> ALLOWED_IP_LIST | 192.0.2.0/24

alter account set network_policy = office;
--! 001063 Changes cannot be applied to the network policy OFFICE because current IP address/token 127.0.0.1 is not allowed in it.

alter account set network_policy = open;
--> Statement executed successfully.

show parameters like 'network_policy' in account;
--> key | value | level
--> NETWORK_POLICY | OPEN | ACCOUNT

alter user ann set network_policy = office;
--> Statement executed successfully.

alter user ann unset network_policy;
--> Statement executed successfully.

alter account unset network_policy;
--> Statement executed successfully.

drop network policy office;
--> OFFICE successfully dropped.

drop network rule elsewhere;
--> ELSEWHERE successfully dropped.

create security integration if not exists generic_scim_provisioning type = scim scim_client = 'generic' run_as_role = 'GENERIC_SCIM_PROVISIONER' enabled = true sync_password = true comment = 'people' conformance = 'RFC' unknown_attributes = 'IGNORE';
--> GENERIC_SCIM_PROVISIONING already exists, statement succeeded.

create or replace security integration generic_scim_provisioning type = scim scim_client = 'generic' run_as_role = 'GENERIC_SCIM_PROVISIONER';
--> Integration GENERIC_SCIM_PROVISIONING successfully created. It ended 1 live token (never used).

create or alter security integration generic_scim_provisioning type = scim scim_client = 'generic' run_as_role = 'GENERIC_SCIM_PROVISIONER';
--! 001003 Expected NETWORK or ROLE or USER: SCIM_CLIENT and RUN_AS_ROLE of an integration can't be altered. CREATE SECURITY INTEGRATION IF NOT EXISTS makes it, ALTER SECURITY INTEGRATION … SET changes the rest.

alter security integration generic_scim_provisioning set network_policy = open comment = 'people' reject_tokens_issued_before = '2026-01-01' attribute_aliases = ('jobTitle' = 'title');
--> Statement executed successfully.

alter security integration generic_scim_provisioning unset open;
--> Statement executed successfully.

alter security integration generic_scim_provisioning unset comment, attribute_aliases;
--> Statement executed successfully.

alter security integration generic_scim_provisioning set scim_client = 'okta';
--! 001003 Expected a property of a SCIM integration that can be altered.

alter security integration generic_scim_provisioning revoke token 'nothing';
--! 002003 Token 'nothing' does not exist or not authorized.

grant usage on integration generic_scim_provisioning to role builder;
--> Statement executed successfully.

show grants on integration generic_scim_provisioning;
--> privilege | granted_on | name | grantee_name
--> OWNERSHIP | INTEGRATION | GENERIC_SCIM_PROVISIONING | ACCOUNTADMIN
--> USAGE | INTEGRATION | GENERIC_SCIM_PROVISIONING | BUILDER

grant usage on network policy open to role builder with grant option;
--> Statement executed successfully.

alter security integration generic_scim_provisioning set conformance = 'SNOWFLAKE' unknown_attributes = 'REFUSE';
--> Statement executed successfully.

alter security integration generic_scim_provisioning unset conformance, unknown_attributes;
--> Statement executed successfully.

show security integrations;
--> name | type | enabled
--> GENERIC_SCIM_PROVISIONING | SCIM - GENERIC | true

desc security integration generic_scim_provisioning;
--> property | property_type | property_default
--> ENABLED | Boolean | true
--> NETWORK_POLICY | String |
--> RUN_AS_ROLE | String |
--> SYNC_PASSWORD | Boolean | false
--> COMMENT | String |
--> SCIM_ENDPOINT_ID | String |
--> CONFORMANCE | String | RFC
--> UNKNOWN_ATTRIBUTES | String | IGNORE
--> ATTRIBUTE_ALIASES | String |
--> TOLERATED_QUIRKS | List | schemas_missing, boolean_as_string, object_for_array, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, read_only_in_patch, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT | Integer |
--> DEPROVISIONING_LIMIT_IN_PERCENT | Integer |
--> DEPROVISIONING_WINDOW_IN_MINUTES | Integer | 60
--> DEPROVISIONING_EXEMPT_USERS | List |
--> REJECT_TOKENS_ISSUED_BEFORE | String |

show scim tokens in integration generic_scim_provisioning;
--> integration | purpose | state

show scim_resources in integration generic_scim_provisioning;
--> name | kind | owner
--> Analysts | ROLE | GENERIC_SCIM_PROVISIONER
--> MACHINE | USER | GENERIC_SCIM_PROVISIONER

show held changes in security integration generic_scim_provisioning;
--> id | kind | state

alter security integration generic_scim_provisioning release held changes;
--> id | outcome

drop integration if exists nothing;
--> Drop statement executed successfully (NOTHING already dropped).

create security integration spare type = scim scim_client = 'okta' run_as_role = 'GENERIC_SCIM_PROVISIONER';
--> Integration SPARE successfully created.

drop security integration spare;
--> SPARE successfully dropped.

alter account set timezone = 'Europe/Berlin';
--> Statement executed successfully.

show parameters like 'timezone' in account;
--> key | value | level
--> TIMEZONE | Europe/Berlin | ACCOUNT

alter account unset timezone;
--> Statement executed successfully.

alter session set query_tag = 'surface';
--> Statement executed successfully.

show parameters like 'query_tag';
--> key | value | level
--> QUERY_TAG | surface | SESSION

alter session unset query_tag;
--> Statement executed successfully.

set team = 'ANALYST';
--> Statement executed successfully.

set half = 0.5;
--> Statement executed successfully.

show variables;
--> name | value
--> HALF | 0.5
--> TEAM | ANALYST

use role identifier($team);
--! 003013 Requested role 'ANALYST' is not assigned to the executing user. Specify another role to activate.

create role nothing;
--> Role NOTHING successfully created.

use role accountadmin;
--> Statement executed successfully.

select get_ddl('role', $team) as ddl;
--> DDL
--> CREATE OR REPLACE ROLE "ANALYST" COMMENT = 'reads and counts';

unset team;
--> Statement executed successfully.

begin;
--> Statement executed successfully.

create role kept;
--> Role KEPT successfully created.

rollback;
--> Statement executed successfully.

commit;
--> Statement executed successfully.

show roles like 'kept' ->> select "name" from $1;
--> name
--> KEPT

drop role kept;
--> KEPT successfully dropped.

select current_user(), is_role_in_session('SYSADMIN'), current_account_name();
--> CURRENT_USER() | IS_ROLE_IN_SESSION('SYSADMIN') | CURRENT_ACCOUNT_NAME()
--> ADMIN | True | DEMO

show accounts;
--! 003001 Insufficient privileges to operate on account 'DEMO'

grant role orgadmin to user admin;
--> Statement executed successfully.

use role orgadmin;
--> Statement executed successfully.

create account second admin_name = boss admin_password = 'second-secret';
--> Account SECOND successfully created.

show accounts;
--> account_name | is_org_admin
--> DEMO | true
--> SECOND | false

drop account second grace_period_in_days = 3;
--> SECOND successfully dropped. It can be restored within 3 days.

show accounts history like 's%';
--> account_name
--> SECOND

undrop account second;
--> Account SECOND successfully restored.

drop account second grace_period_in_days = 3;
--> SECOND successfully dropped. It can be restored within 3 days.

use role accountadmin;
--> Statement executed successfully.

drop user machine;
--> MACHINE successfully dropped.

drop user machine;
--! 002003 User 'MACHINE' does not exist or not authorized.

drop role analyst;
--> ANALYST successfully dropped.

alter account purge history for 'nobody';
--! 002003 User 'nobody' does not exist or not authorized.
