create role a;
--> Role A successfully created.

create role b;
--> Role B successfully created.

create role c;
--> Role C successfully created.

create role data;
--> Role DATA successfully created.

create user bob;
--> User BOB successfully created.

grant role a to user admin;
--> Statement executed successfully.

grant role b to user admin;
--> Statement executed successfully.

grant create user on account to role a with grant option;
--> Statement executed successfully.

grant role data to role a with grant option;
--> Statement executed successfully.

use secondary roles none;
--> Statement executed successfully.

use role a;
--> Statement executed successfully.

grant create user on account to role b with grant option;
--> Statement executed successfully.

grant create role on account to role b;
--! 003001 Insufficient privileges to operate on account 'DEMO'

grant role data to role b with grant option;
--> Statement executed successfully.

grant role data to user bob;
--> Statement executed successfully.

grant role c to role b;
--! 002003 Role 'C' does not exist or not authorized.

grant role nothing to role b;
--! 002003 Role 'NOTHING' does not exist or not authorized.

use role b;
--> Statement executed successfully.

grant create user on account to role c;
--> Statement executed successfully.

grant role data to role c;
--> Statement executed successfully.

revoke create user on account from role a;
--! 003001 Insufficient privileges to operate on account 'DEMO'

revoke role data from user bob;
--! 003001 Insufficient privileges to operate on role 'DATA'

use role accountadmin;
--> Statement executed successfully.

show grants of role data;
--> role | granted_to | grantee_name | granted_by
--> DATA | USER | BOB | A
--> DATA | ROLE | A | ACCOUNTADMIN
--> DATA | ROLE | B | A
--> DATA | ROLE | C | B

revoke create user on account from role a;
--! 003069 Dependent grants of CREATE USER on account 'DEMO' exist. To revoke them too, add CASCADE.

revoke role data from role a restrict;
--! 003069 Dependent grants of USAGE on role 'DATA' exist. To revoke them too, add CASCADE.

revoke grant option for role data from role a;
--! 003069 Dependent grants of USAGE on role 'DATA' exist. To revoke them too, add CASCADE.

revoke grant option for role data from role a cascade;
--> Statement executed successfully.

show grants of role data;
--> role | granted_to | grantee_name | granted_by
--> DATA | ROLE | A | ACCOUNTADMIN

revoke role data from role a;
--> Statement executed successfully.

revoke grant option for create user on account from role a cascade;
--> Statement executed successfully.

show grants to role a;
--> privilege | granted_on | name | grant_option | granted_by
--> CREATE USER | ACCOUNT | DEMO | false | ACCOUNTADMIN

show grants to role b;
--> privilege | granted_on

show grants to role c;
--> privilege | granted_on

grant create user on account to role a with grant option;
--> Statement executed successfully.

use role a;
--> Statement executed successfully.

grant create user on account to role c;
--> Statement executed successfully.

use role accountadmin;
--> Statement executed successfully.

revoke all privileges on account from role a cascade;
--> Statement executed successfully.

show grants to role c;
--> privilege | granted_on
