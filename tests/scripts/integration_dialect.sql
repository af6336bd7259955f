create role prov;
--> Role PROV successfully created.

grant role prov to role accountadmin;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'generic' run_as_role = 'PROV' conformance = 'iso';
--! 001008 invalid value for property 'CONFORMANCE': it takes one of 'RFC', 'SNOWFLAKE'

create security integration idp type = scim scim_client = 'generic' run_as_role = 'PROV' conformance = rfc unknown_attributes = refuse attribute_aliases = ('lastName' = 'name.familyName', 'costs' = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter');
--> Integration IDP successfully created.

desc security integration idp;
--> property | property_value | property_default
--> ENABLED | true | true
--> NETWORK_POLICY |  |
--> RUN_AS_ROLE | PROV |
--> SYNC_PASSWORD | false | false
--> COMMENT |  |
--> SCIM_ENDPOINT_ID | 018f0000-0000-7000-8000-00000000000a |
--> CONFORMANCE | RFC | RFC
--> UNKNOWN_ATTRIBUTES | REFUSE | IGNORE
--> ATTRIBUTE_ALIASES | 'lastName' = 'name.familyName', 'costs' = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter' |
--> TOLERATED_QUIRKS | schemas_missing, boolean_as_string, object_for_array, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, read_only_in_patch, remove_with_value, schema_as_path, no_operations | schemas_missing, boolean_as_string, object_for_array, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, read_only_in_patch, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT |  |
--> DEPROVISIONING_LIMIT_IN_PERCENT |  |
--> DEPROVISIONING_WINDOW_IN_MINUTES | 60 | 60
--> DEPROVISIONING_EXEMPT_USERS |  |

alter security integration idp set unknown_attributes = 'sometimes';
--! 001008 invalid value for property 'UNKNOWN_ATTRIBUTES': it takes one of 'IGNORE', 'REFUSE'

alter security integration idp set conformance = 'standard';
--! 001008 invalid value for property 'CONFORMANCE': it takes one of 'RFC', 'SNOWFLAKE'

alter security integration idp set attribute_aliases = ('lastName' = 'name.famlyName');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': 'name.famlyName' is no attribute that a client can set, such as 'name.familyName'

alter security integration idp set attribute_aliases = ('mail' = 'emails.value');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': 'emails.value' is no attribute that a client can set, such as 'name.familyName'

alter security integration idp set attribute_aliases = ('key' = 'id');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': 'id' is no attribute that a client can set, such as 'name.familyName'

alter security integration idp set attribute_aliases = ('userName' = 'displayName');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': 'userName' is an attribute itself

alter security integration idp set attribute_aliases = ('a' = 'title', 'A' = 'nickName');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': 'A' is given twice

alter security integration idp set attribute_aliases = ('' = 'title');
--! 001008 invalid value for property 'ATTRIBUTE_ALIASES': an alias has 1 to 200 characters

alter security integration idp set attribute_aliases = ('a' 'title');
--! 001003 Expected '='.

alter security integration idp set attribute_aliases = ();
--> Statement executed successfully.

alter security integration idp set tolerated_quirks = ('operation_case', 'Bare_Value', 'bare_value') deprovisioning_limit = 0 deprovisioning_limit_in_percent = 0;
--> Statement executed successfully.

alter security integration idp set tolerated_quirks = ('operation_case', 'capital_letters');
--! 001008 invalid value for property 'TOLERATED_QUIRKS': 'capital_letters' is none of schemas_missing, boolean_as_string, object_for_array, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, read_only_in_patch, remove_with_value, schema_as_path, no_operations

alter security integration idp set tolerated_quirks = 'operation_case';
--> Statement executed successfully.

select get_ddl('integration', 'idp') as "ddl";
--> ddl
--> CREATE OR REPLACE SECURITY INTEGRATION "IDP" TYPE = SCIM SCIM_CLIENT = 'GENERIC' RUN_AS_ROLE = 'PROV' CONFORMANCE = 'RFC' UNKNOWN_ATTRIBUTES = 'REFUSE' TOLERATED_QUIRKS = ('operation_case') DEPROVISIONING_LIMIT = 0 DEPROVISIONING_LIMIT_IN_PERCENT = 0 ENABLED = TRUE;

alter security integration idp set tolerated_quirks = ();
--> Statement executed successfully.

select get_ddl('integration', 'idp') as "ddl";
--> ddl
--> CREATE OR REPLACE SECURITY INTEGRATION "IDP" TYPE = SCIM SCIM_CLIENT = 'GENERIC' RUN_AS_ROLE = 'PROV' CONFORMANCE = 'RFC' UNKNOWN_ATTRIBUTES = 'REFUSE' TOLERATED_QUIRKS = () DEPROVISIONING_LIMIT = 0 DEPROVISIONING_LIMIT_IN_PERCENT = 0 ENABLED = TRUE;

alter security integration idp unset tolerated_quirks, deprovisioning_limit, deprovisioning_limit_in_percent;
--> Statement executed successfully.

alter security integration idp set unknown_attributes = ignore;
--> Statement executed successfully.

alter security integration idp set attribute_aliases = ('jobtitle' = 'title') conformance = 'RFC' enabled = true;
--> Statement executed successfully.

alter security integration idp unset attribute_aliases, unknown_attributes, conformance;
--> Statement executed successfully.

alter integration idp set reject_tokens_issued_before = 'Thu, 01 Jan 2026 02:00:00 +0200';
--> Statement executed successfully.

desc integration idp;
--> property | property_value
--> ENABLED | true
--> NETWORK_POLICY |
--> RUN_AS_ROLE | PROV
--> SYNC_PASSWORD | false
--> COMMENT |
--> SCIM_ENDPOINT_ID | 018f0000-0000-7000-8000-00000000000a
--> CONFORMANCE | RFC
--> UNKNOWN_ATTRIBUTES | IGNORE
--> ATTRIBUTE_ALIASES |
--> TOLERATED_QUIRKS | schemas_missing, boolean_as_string, object_for_array, bare_value, bare_name_part, dotted_key, value_path_compared, bare_extension, unquoted_value, operation_case, pathless_members, read_only_in_patch, remove_with_value, schema_as_path, no_operations
--> DEPROVISIONING_LIMIT |
--> DEPROVISIONING_LIMIT_IN_PERCENT |
--> DEPROVISIONING_WINDOW_IN_MINUTES | 60
--> DEPROVISIONING_EXEMPT_USERS |
--> REJECT_TOKENS_ISSUED_BEFORE | 2026-01-01 00:00:00 UTC

alter integration idp set reject_tokens_issued_before = '1767225600000';
--> Statement executed successfully.

alter integration idp set reject_tokens_issued_before = 1767225600;
--! 001003 Expected a string in single quotes.

alter integration idp set scim_client = 'okta';
--! 001003 Expected a property of a SCIM integration that can be altered.
