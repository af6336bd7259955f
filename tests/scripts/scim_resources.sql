create role prov;
--> Role PROV successfully created.

grant role prov to role accountadmin;
--> Statement executed successfully.

grant create user on account to role prov;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'okta' run_as_role = prov;
--> Integration IDP successfully created.

show scim_resources;
--> name | kind

use role prov;
--> Statement executed successfully.

create user ada;
--> User ADA successfully created.

use role accountadmin;
--> Statement executed successfully.

show scim_resources in integration idp;
--> external_id | name | kind | integration | owner | active | last_written_by_scim | last_changed_by | sync_stopped
--> NULL | ADA | USER | IDP | PROV | true | NULL | ann | no token of the integration is in force

show scim_resources like 'b%' limit 3;
--> name | kind

show scim_resources in integration nobody;
--! 002003 Integration 'NOBODY' does not exist or not authorized.

show scim_resources in;
--! 001003 Expected a name.

show scim_resources starts;
--! 001003 Expected the end of the statement.
