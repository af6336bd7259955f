create role prov;
--> Role PROV successfully created.

grant role prov to role accountadmin;
--> Statement executed successfully.

create security integration idp type = scim scim_client = 'generic' run_as_role = prov;
--> Integration IDP successfully created.

select system$generate_scim_access_token('IDP', 'nightly');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP', 'NIGHTLY')
--> token-1

select system$generate_scim_access_token('IDP', 'nightly');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP', 'NIGHTLY')
--> token-2

show scim tokens;
--> purpose | state | ended_why
--> nightly | LIVE | NULL
--> nightly | LIVE | NULL

select system$generate_scim_access_token('IDP', 'nightly');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP', 'NIGHTLY')
--> token-3

show scim tokens;
--> purpose | state | ended_why
--> nightly | LIVE | NULL
--> nightly | LIVE | NULL
--> nightly | ENDED | a newer token of its purpose

alter account set scim_token_overlap_in_hours = 8761;
--! 001008 invalid value for property 'SCIM_TOKEN_OVERLAP_IN_HOURS': it takes at most 8760

alter account set scim_token_overlap_in_hours = 0;
--> Statement executed successfully.

show parameters like 'scim_token%' in account;
--> key | value | default | level
--> SCIM_TOKEN_OVERLAP_IN_HOURS | 0 | 24 | ACCOUNT

select system$generate_scim_access_token('IDP', 'nightly');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP', 'NIGHTLY')
--> token-4

show scim tokens;
--> purpose | state | ended_why
--> nightly | LIVE | NULL
--> nightly | ENDED | a newer token of its purpose
--> nightly | ENDED | a newer token of its purpose
--> nightly | ENDED | a newer token of its purpose

select system$generate_scim_access_token('IDP');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('IDP')
--> token-5

show scim tokens limit 2;
--> purpose | state | ended_why
--> NULL | LIVE | NULL
--> nightly | LIVE | NULL
