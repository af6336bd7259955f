use role accountadmin;
--> Statement executed successfully.

create role if not exists generic_scim_provisioner;
--> Role GENERIC_SCIM_PROVISIONER successfully created.

grant create user on account to role generic_scim_provisioner;
--> Statement executed successfully.

grant create role on account to role generic_scim_provisioner;
--> Statement executed successfully.

grant role generic_scim_provisioner to role accountadmin;
--> Statement executed successfully.

create or replace security integration generic_scim_provisioning
    type=scim
    scim_client='generic'
    run_as_role='GENERIC_SCIM_PROVISIONER';
--> Integration GENERIC_SCIM_PROVISIONING successfully created.

select system$generate_scim_access_token('GENERIC_SCIM_PROVISIONING');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('GENERIC_SCIM_PROVISIONING')
--> token-1
