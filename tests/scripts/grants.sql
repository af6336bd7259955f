create role analyst;
--> Role ANALYST successfully created.

create role lead;
--> Role LEAD successfully created.

create user bob;
--> User BOB successfully created.

grant role analyst to user bob;
--> Statement executed successfully.

grant role analyst to role lead with grant option;
--> Statement executed successfully.

grant role lead to role analyst;
--! 001008 Granting role 'LEAD' to role 'ANALYST' would make it inherit itself.

show grants of role analyst;
--> role | granted_to | grantee_name | granted_by
--> ANALYST | USER | BOB | ACCOUNTADMIN
--> ANALYST | ROLE | LEAD | ACCOUNTADMIN

show grants to user bob;
--> privilege | granted_on | name | role | granted_to | grantee_name | grant_option | granted_by
--> USAGE | ROLE | ANALYST | ANALYST | USER | BOB | false | ACCOUNTADMIN

show grants;
--> role | grantee_name | granted_by
--> ACCOUNTADMIN | ADMIN |

show grants to role lead;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by
--> USAGE | ROLE | ANALYST | ROLE | LEAD | true | ACCOUNTADMIN

show grants on user bob;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by_role_type | granted_by
--> OWNERSHIP | USER | BOB | ROLE | ACCOUNTADMIN | true | ROLE | ACCOUNTADMIN

show grants on account limit 1;
--> privilege | granted_on | name | granted_to
--> ATTACH POLICY | ACCOUNT | DEMO | ROLE

grant all on user bob to role lead;
--> Statement executed successfully.

grant ownership on user bob to role analyst;
--! 003069 Dependent grants on user 'BOB' exist. Say what becomes of them: add COPY CURRENT GRANTS or REVOKE CURRENT GRANTS.

grant ownership on user bob to role analyst revoke current grants;
--> Statement executed successfully.

show grants on user bob;
--> privilege | grantee_name
--> OWNERSHIP | ANALYST

grant monitor user on account to role lead with grant option;
--> Statement executed successfully.

revoke grant option for monitor user on account from role lead;
--> Statement executed successfully.

revoke monitor user on account from role lead;
--> Statement executed successfully.

revoke role analyst from user bob;
--> Statement executed successfully.

revoke role analyst from role lead;
--> Statement executed successfully.

show grants of role analyst;
--> role | granted_to
