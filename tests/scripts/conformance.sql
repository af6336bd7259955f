create role prov;
--> Role PROV successfully created.

grant role prov to role accountadmin;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'azure' run_as_role = 'PROV';
--> Integration IDP successfully created.

show parameters like 'scim_conformance' in account;
--> key | value | default | level | type
--> SCIM_CONFORMANCE | RFC | RFC |  | STRING

alter account set scim_conformance = 'iso';
--! 001008 invalid value for property 'SCIM_CONFORMANCE': it takes one of 'RFC', 'SNOWFLAKE'

alter session set scim_conformance = 'SNOWFLAKE';
--! 001008 invalid value for property 'SCIM_CONFORMANCE': there is no such parameter of session level

alter account set scim_conformance = snowflake;
--> Statement executed successfully.

show parameters like 'scim_conformance' in account;
--> key | value | default | level | type
--> SCIM_CONFORMANCE | SNOWFLAKE | RFC | ACCOUNT | STRING

desc security integration idp;
--> property | property_value | property_default
--> ENABLED | true | true
--> NETWORK_POLICY |  |
--> RUN_AS_ROLE | PROV |
--> SYNC_PASSWORD | false | false
--> COMMENT |  |
--> SCIM_ENDPOINT_ID | 018f0000-0000-7000-8000-000000000007 |
--> CONFORMANCE | SNOWFLAKE | SNOWFLAKE
--> UNKNOWN_ATTRIBUTES | IGNORE | IGNORE
--> ATTRIBUTE_ALIASES |  |
--> TOLERATED_QUIRKS | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT |  |
--> DEPROVISIONING_LIMIT_IN_PERCENT |  |
--> DEPROVISIONING_WINDOW_IN_MINUTES | 60 | 60
--> DEPROVISIONING_EXEMPT_USERS |  |

create user ann;
--> User ANN successfully created.

create role clerks;
--> Role CLERKS successfully created.

grant ownership on user ann to role prov;
--! 003001 User 'ANN' can't be handed to role 'PROV': its integration has CONFORMANCE = 'SNOWFLAKE', and did not provision the user. With CONFORMANCE = 'RFC' it adopts what exists.

grant ownership on role clerks to role prov;
--! 003001 Role 'CLERKS' can't be handed to role 'PROV': its integration has CONFORMANCE = 'SNOWFLAKE', and did not provision the role. With CONFORMANCE = 'RFC' it adopts what exists.

create role it;
--> Role IT successfully created.

grant ownership on user ann to role it;
--> Statement executed successfully.

grant ownership on all users owned by role it to role prov;
--! 003001 User 'ANN' can't be handed to role 'PROV': its integration has CONFORMANCE = 'SNOWFLAKE', and did not provision the user. With CONFORMANCE = 'RFC' it adopts what exists.

grant ownership on integration idp to role prov;
--> Statement executed successfully.

alter security integration idp set conformance = 'RFC';
--> Statement executed successfully.

grant ownership on user ann to role prov;
--> Statement executed successfully.

grant ownership on role clerks to role prov;
--> Statement executed successfully.

alter security integration idp unset conformance;
--> Statement executed successfully.

grant ownership on user ann to role prov;
--> Statement executed successfully.

alter account unset scim_conformance;
--> Statement executed successfully.

create or replace security integration idp type = scim scim_client = 'okta' run_as_role = 'PROV' conformance = snowflake;
--> Integration IDP successfully created.

create user ben;
--> User BEN successfully created.

create role guards;
--> Role GUARDS successfully created.

grant ownership on user ben to role prov;
--> Statement executed successfully.

grant ownership on role guards to role prov;
--! 003001 Role 'GUARDS' can't be handed to role 'PROV': its integration has CONFORMANCE = 'SNOWFLAKE', and did not provision the role. With CONFORMANCE = 'RFC' it adopts what exists.
