create role okta_provisioner;
--> Role OKTA_PROVISIONER successfully created.

grant role okta_provisioner to role accountadmin;
--> Statement executed successfully.

create role auditor comment = 'looks';
--> Role AUDITOR successfully created.

create user bob;
--> User BOB successfully created.

create security integration idp type = scim scim_client = 'okta' run_as_role = 'OKTA_PROVISIONER';
--> Integration IDP successfully created.

create network policy office allowed_ip_list = ('192.0.2.0/24');
--> Network policy OFFICE successfully created.

grant usage on integration idp to role auditor;
--> Statement executed successfully.

grant usage on network policy office to role auditor with grant option;
--> Statement executed successfully.

grant usage, monitor on database demo_db to role auditor;
--> Statement executed successfully.

grant monitor on user bob to role auditor;
--> Statement executed successfully.

grant monitor on role okta_provisioner to role auditor;
--> Statement executed successfully.

grant attach policy on account to role auditor;
--> Statement executed successfully.

show grants to role auditor;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by
--> ATTACH POLICY | ACCOUNT | DEMO | ROLE | AUDITOR | false | ACCOUNTADMIN
--> MONITOR | DATABASE | DEMO_DB | ROLE | AUDITOR | false | ACCOUNTADMIN
--> USAGE | DATABASE | DEMO_DB | ROLE | AUDITOR | false | ACCOUNTADMIN
--> USAGE | INTEGRATION | IDP | ROLE | AUDITOR | false | ACCOUNTADMIN
--> USAGE | NETWORK POLICY | OFFICE | ROLE | AUDITOR | true | ACCOUNTADMIN
--> MONITOR | ROLE | OKTA_PROVISIONER | ROLE | AUDITOR | false | ACCOUNTADMIN
--> MONITOR | USER | BOB | ROLE | AUDITOR | false | ACCOUNTADMIN

show grants on integration idp;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by_role_type | granted_by
--> OWNERSHIP | INTEGRATION | IDP | ROLE | ACCOUNTADMIN | true | ROLE | ACCOUNTADMIN
--> USAGE | INTEGRATION | IDP | ROLE | AUDITOR | false | ROLE | ACCOUNTADMIN

show grants on network policy office;
--> privilege | grantee_name | grant_option
--> OWNERSHIP | ACCOUNTADMIN | true
--> USAGE | AUDITOR | true

show grants on database demo_db limit 2;
--> privilege | grantee_name
--> OWNERSHIP | ACCOUNTADMIN
--> MONITOR | AUDITOR

show grants on role okta_provisioner;
--> privilege | grantee_name
--> OWNERSHIP | ACCOUNTADMIN
--> MONITOR | AUDITOR

show grants to user bob;
--> privilege | role

show grants of role okta_provisioner;
--> role | granted_to | grantee_name | granted_by
--> OKTA_PROVISIONER | ROLE | ACCOUNTADMIN | ACCOUNTADMIN

show grants on user nobody;
--! 002003 User 'NOBODY' does not exist or not authorized.

show grants on network policy nothing;
--! 002003 Network policy 'NOTHING' does not exist or not authorized.

show grants to role nobody;
--! 002003 Role 'NOBODY' does not exist or not authorized.

show grants of role "auditor";
--! 002003 did you mean AUDITOR (without quotes)?

show roles like 'a%' limit 1;
--> name | owner | comment
--> ACCOUNTADMIN |  |

show roles like '%o%' limit 1 from 'OKTA';
--> name
--> ORGADMIN

grant usage on network policy office to role nobody;
--! 002003 Role 'NOBODY' does not exist or not authorized.

grant monitor on network policy office to role auditor;
--! 001003 Expected a privilege on network policy: OWNERSHIP, USAGE.

grant ownership on network policy office to role auditor copy current grants;
--> Statement executed successfully.

show grants on network policy office;
--> privilege | grantee_name | granted_by
--> OWNERSHIP | AUDITOR | AUDITOR
--> USAGE | AUDITOR | AUDITOR

create database sales comment = 'deals';
--> Database SALES successfully created.

show databases like 'sales';
--> name | owner | comment
--> SALES | ACCOUNTADMIN | deals

drop database sales;
--> SALES successfully dropped.
