create role prov;
--> Role PROV successfully created.

create security integration idp type = scim scim_client = 'okta' run_as_role = prov;
--! 002003 Role 'PROV' does not exist or not authorized.

grant role prov to role accountadmin;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'ldap' run_as_role = prov;
--! 001008 invalid value for property 'SCIM_CLIENT': it takes one of 'OKTA', 'AZURE', 'GENERIC'

create security integration idp type = scim scim_client = 'azure' run_as_role = 'prov' sync_password = true comment = 'Entra';
--> Integration IDP successfully created. SYNC_PASSWORD has no effect with SCIM_CLIENT = 'AZURE'.

create security integration if not exists idp type = scim scim_client = 'azure' run_as_role = 'prov';
--> IDP already exists, statement succeeded.

show integrations;
--> name | type | category | enabled | comment
--> IDP | SCIM - AZURE | SECURITY | true | Entra

show security integrations like 'x%';
--> name

show api integrations;
--> name

select system$generate_scim_access_token('idp', 'staging');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP', 'STAGING')
--> token-1

select system$generate_scim_access_token('NOBODY');
--! 002003 Integration 'NOBODY' does not exist or not authorized.

show scim tokens in integration idp;
--> id | integration | purpose | state | ended_why
--> 018f0000-0000-7000-8000-000000000015 | IDP | staging | LIVE | NULL

alter security integration idp revoke token '018f0000-0000-7000-8000-000000000099';
--! 002003 Token '018f0000-0000-7000-8000-000000000099' does not exist or not authorized.

alter security integration idp revoke token '018f0000-0000-7000-8000-000000000015';
--> Statement executed successfully.

alter security integration nobody revoke token 'x';
--! 002003 Integration 'NOBODY' does not exist or not authorized.

alter security integration if exists nobody revoke token 'x';
--> Statement executed successfully.

show scim tokens;
--> purpose | state | ended_why
--> staging | ENDED | REVOKE TOKEN

alter security integration idp set enabled = false comment = 'off' reject_tokens_issued_before = '2026-01-01 00:00:00 +02:00';
--> Statement executed successfully.

desc integration idp;
--> property | property_type | property_value | property_default
--> ENABLED | Boolean | false | true
--> NETWORK_POLICY | String |  |
--> RUN_AS_ROLE | String | PROV |
--> SYNC_PASSWORD | Boolean | true | false
--> COMMENT | String | off |
--> SCIM_ENDPOINT_ID | String | 018f0000-0000-7000-8000-00000000000d |
--> CONFORMANCE | String | RFC | RFC
--> UNKNOWN_ATTRIBUTES | String | IGNORE | IGNORE
--> ATTRIBUTE_ALIASES | String |  |
--> TOLERATED_QUIRKS | List | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT | Integer |  |
--> DEPROVISIONING_LIMIT_IN_PERCENT | Integer |  |
--> DEPROVISIONING_WINDOW_IN_MINUTES | Integer | 60 | 60
--> DEPROVISIONING_EXEMPT_USERS | List |  |
--> REJECT_TOKENS_ISSUED_BEFORE | String | 2025-12-31 22:00:00 UTC |

alter session set timezone = 'America/New_York';
--> Statement executed successfully.

alter security integration idp set reject_tokens_issued_before = '2026-07-01 12:00:00';
--> Statement executed successfully.

desc integration idp;
--> property | property_type | property_value | property_default
--> ENABLED | Boolean | false | true
--> NETWORK_POLICY | String |  |
--> RUN_AS_ROLE | String | PROV |
--> SYNC_PASSWORD | Boolean | true | false
--> COMMENT | String | off |
--> SCIM_ENDPOINT_ID | String | 018f0000-0000-7000-8000-00000000000d |
--> CONFORMANCE | String | RFC | RFC
--> UNKNOWN_ATTRIBUTES | String | IGNORE | IGNORE
--> ATTRIBUTE_ALIASES | String |  |
--> TOLERATED_QUIRKS | List | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT | Integer |  |
--> DEPROVISIONING_LIMIT_IN_PERCENT | Integer |  |
--> DEPROVISIONING_WINDOW_IN_MINUTES | Integer | 60 | 60
--> DEPROVISIONING_EXEMPT_USERS | List |  |
--> REJECT_TOKENS_ISSUED_BEFORE | String | 2026-07-01 16:00:00 UTC |

alter session set timezone = 'Nowhere/Land';
--> Statement executed successfully.

alter security integration idp set reject_tokens_issued_before = '2026-07-01';
--! 001008 invalid value for property 'TIMEZONE': 'Nowhere/Land' is no time zone that this server knows

alter session unset timezone;
--> Statement executed successfully.

alter security integration idp set reject_tokens_issued_before = 'soon';
--! 001008 invalid value for property 'REJECT_TOKENS_ISSUED_BEFORE': it takes a time such as '2026-01-31 12:00:00'

alter security integration idp unset reject_tokens_issued_before, network_policy;
--> Statement executed successfully.

alter security integration idp unset some_policy;
--! 001008 invalid value for property 'SOME_POLICY': it is none of ENABLED, NETWORK_POLICY, SYNC_PASSWORD, COMMENT, REJECT_TOKENS_ISSUED_BEFORE, CONFORMANCE, UNKNOWN_ATTRIBUTES, ATTRIBUTE_ALIASES, TOLERATED_QUIRKS, DEPROVISIONING_LIMIT, DEPROVISIONING_LIMIT_IN_PERCENT, DEPROVISIONING_WINDOW_IN_MINUTES, DEPROVISIONING_EXEMPT_USERS

alter security integration idp set network_policy = office;
--! 002003 Network policy 'OFFICE' does not exist or not authorized.

create network policy office allowed_ip_list = ('192.0.2.0/24');
--> Network policy OFFICE successfully created.

alter security integration idp set network_policy = office;
--> Statement executed successfully.

alter network policy office rename to headquarters;
--> Statement executed successfully.

desc integration idp;
--> property | property_value
--> ENABLED | false
--> NETWORK_POLICY | HEADQUARTERS
--> RUN_AS_ROLE | PROV
--> SYNC_PASSWORD | true
--> COMMENT | off
--> SCIM_ENDPOINT_ID | 018f0000-0000-7000-8000-00000000000d
--> CONFORMANCE | RFC
--> UNKNOWN_ATTRIBUTES | IGNORE
--> ATTRIBUTE_ALIASES |
--> TOLERATED_QUIRKS | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT |
--> DEPROVISIONING_LIMIT_IN_PERCENT |
--> DEPROVISIONING_WINDOW_IN_MINUTES | 60
--> DEPROVISIONING_EXEMPT_USERS |

drop network policy headquarters;
--! 003540 Cannot drop or replace network policy 'HEADQUARTERS': it is in use by INTEGRATION. Take it off there first.

alter security integration idp unset office;
--! 001008 invalid value for property 'OFFICE': it is none of ENABLED, NETWORK_POLICY, SYNC_PASSWORD, COMMENT, REJECT_TOKENS_ISSUED_BEFORE, CONFORMANCE, UNKNOWN_ATTRIBUTES, ATTRIBUTE_ALIASES, TOLERATED_QUIRKS, DEPROVISIONING_LIMIT, DEPROVISIONING_LIMIT_IN_PERCENT, DEPROVISIONING_WINDOW_IN_MINUTES, DEPROVISIONING_EXEMPT_USERS

alter security integration idp unset headquarters;
--> Statement executed successfully.

alter security integration idp set network_policy = 'HEADQUARTERS' comment = 'named as text';
--> Statement executed successfully.

alter security integration idp unset network_policy;
--> Statement executed successfully.

create or replace security integration idp type = scim scim_client = 'okta' run_as_role = prov network_policy = headquarters;
--> Integration IDP successfully created.

show integrations;
--> name
--> IDP

drop api integration idp;
--! 002003 Integration 'IDP' does not exist or not authorized.

drop api integration if exists idp;
--> Drop statement executed successfully (IDP already dropped).

drop integration idp;
--> IDP successfully dropped.

create or alter security integration idp type = scim scim_client = 'azure' run_as_role = 'prov';
--! 001003 Expected NETWORK or ROLE or USER: SCIM_CLIENT and RUN_AS_ROLE of an integration can't be altered. CREATE SECURITY INTEGRATION IF NOT EXISTS makes it, ALTER SECURITY INTEGRATION … SET changes the rest.
