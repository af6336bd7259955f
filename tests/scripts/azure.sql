use role accountadmin;
--> Statement executed successfully.

create role if not exists aad_provisioner;
--> Role AAD_PROVISIONER successfully created.

grant create user on account to role aad_provisioner;
--> Statement executed successfully.

grant create role on account to role aad_provisioner;
--> Statement executed successfully.

grant role aad_provisioner to role accountadmin;
--> Statement executed successfully.

create or replace security integration aad_provisioning
    type = scim
    scim_client = 'azure'
    run_as_role = 'AAD_PROVISIONER';
--> Integration AAD_PROVISIONING successfully created.

select system$generate_scim_access_token('AAD_PROVISIONING');
--> SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('AAD_PROVISIONING')
--> token-1
