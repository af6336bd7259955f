create role prov;
--> Role PROV successfully created.

grant role prov to role accountadmin;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'azure' run_as_role = prov deprovisioning_limit = 50 deprovisioning_limit_in_percent = 20 deprovisioning_window_in_minutes = 30 deprovisioning_exempt_users = ('BOB', 'ann@example.com');
--> Integration IDP successfully created.

desc security integration idp;
--> property | property_value | property_default
--> ENABLED | true | true
--> NETWORK_POLICY |  |
--> RUN_AS_ROLE | PROV |
--> SYNC_PASSWORD | false | false
--> COMMENT |  |
--> SCIM_ENDPOINT_ID | 018f0000-0000-7000-8000-000000000007 |
--> CONFORMANCE | RFC | RFC
--> UNKNOWN_ATTRIBUTES | IGNORE | IGNORE
--> ATTRIBUTE_ALIASES |  |
--> TOLERATED_QUIRKS | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations | boolean_as_string, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT | 50 |
--> DEPROVISIONING_LIMIT_IN_PERCENT | 20 |
--> DEPROVISIONING_WINDOW_IN_MINUTES | 30 | 60
--> DEPROVISIONING_EXEMPT_USERS | BOB, ann@example.com |

alter security integration idp unset deprovisioning_limit, deprovisioning_limit_in_percent, deprovisioning_window_in_minutes, deprovisioning_exempt_users;
--> Statement executed successfully.

alter security integration idp set deprovisioning_limit = 5;
--> Statement executed successfully.

alter security integration idp set deprovisioning_limit_in_percent = 101;
--! 001008 invalid value for property 'DEPROVISIONING_LIMIT_IN_PERCENT': it takes a whole number from 0 to 100

alter security integration idp set deprovisioning_limit = -1;
--! 001008 invalid value for property 'DEPROVISIONING_LIMIT': it takes a whole number from 0 to 1000000

show held changes;
--> id | integration | kind | name | action | removes | times | state

show held changes in integration idp;
--> id | integration

show held changes in integration nobody;
--! 002003 Integration 'NOBODY' does not exist or not authorized.

alter security integration idp release held changes;
--> id | kind | name | action | removes | outcome | why

alter security integration idp reject held changes;
--> id | outcome

alter security integration idp release held changes '018f0000-0000-7000-8000-000000000099';
--! 002003 Held change '018f0000-0000-7000-8000-000000000099' does not exist or not authorized.

alter security integration nobody release held changes;
--! 002003 Integration 'NOBODY' does not exist or not authorized.

alter security integration if exists nobody release held changes;
--> id | outcome

alter security integration idp release held changes '1', ;
--! 001003 Expected a string in single quotes.

alter security integration idp release;
--! 001003 Expected HELD.

alter security integration idp forget held changes;
--! 001003 Expected SET or UNSET or REVOKE TOKEN or RELEASE or REJECT.
