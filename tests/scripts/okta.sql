use role accountadmin;
--> Statement executed successfully.

create role if not exists okta_provisioner;
--> Role OKTA_PROVISIONER successfully created.

grant create user on account to role okta_provisioner;
--> Statement executed successfully.

grant create role on account to role okta_provisioner;
--> Statement executed successfully.

grant role okta_provisioner to role accountadmin;
--> Statement executed successfully.

create or replace security integration okta_provisioning
    type = scim
    scim_client = 'okta'
    run_as_role = 'OKTA_PROVISIONER';
--> Integration OKTA_PROVISIONING successfully created.

select system$generate_scim_access_token('OKTA_PROVISIONING');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('OKTA_PROVISIONING')
--> token-1
