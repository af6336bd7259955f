create role hr;
--> Role HR successfully created.

create role it;
--> Role IT successfully created.

grant role hr to user admin;
--> Statement executed successfully.

grant create user, create role on account to role hr;
--> Statement executed successfully.

use role hr;
--> Statement executed successfully.

create user ann;
--> User ANN successfully created.

create user ben;
--> User BEN successfully created.

create role clerks;
--> Role CLERKS successfully created.

grant role clerks to user ann;
--> Statement executed successfully.

grant monitor on user ann to role public;
--> Statement executed successfully.

use role accountadmin;
--> Statement executed successfully.

grant ownership on all users owned by role hr to role it;
--> Statement executed successfully. Ownership of 2 users transferred.

grant ownership on all users owned by role hr to role it;
--> Statement executed successfully. Ownership of 0 users transferred.

grant ownership on all users owned by role it to role it;
--> Statement executed successfully. Ownership of 0 users transferred.

grant ownership on all roles owned by role hr to role it;
--> Statement executed successfully. Ownership of 1 role transferred.

grant ownership on all roles owned by role nobody to role it;
--! 002003 Role 'NOBODY' does not exist or not authorized.

show grants on user ann;
--> privilege | grantee_name | granted_by
--> OWNERSHIP | IT | IT
--> MONITOR | PUBLIC | IT

show grants to role it;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by
--> OWNERSHIP | ROLE | CLERKS | ROLE | IT | true | IT
--> OWNERSHIP | USER | ANN | ROLE | IT | true | IT
--> OWNERSHIP | USER | BEN | ROLE | IT | true | IT

grant ownership on account demo to role it;
--! 001003 Expected the end: the account has no owner.

grant ownership on role sysadmin to role it;
--! 003001 System role 'SYSADMIN' can't be changed, given away or dropped.

grant ownership on user nobody to role it;
--! 002003 User 'NOBODY' does not exist or not authorized.

grant ownership on user ann to role nobody;
--! 002003 Role 'NOBODY' does not exist or not authorized.

revoke ownership on user ann from role it;
--! 001008 invalid value for property 'OWNERSHIP': it can't be granted on USER

grant ownership on user ann to role hr copy current grants;
--> Statement executed successfully.

show grants on user ann;
--> privilege | grantee_name | granted_by
--> OWNERSHIP | HR | HR
--> MONITOR | PUBLIC | HR

show grants of role clerks;
--> role | grantee_name | granted_by
--> CLERKS | ANN | HR

drop role hr;
--> HR successfully dropped.

show grants of role clerks;
--> role | grantee_name | granted_by

show grants on user ann;
--> privilege | grantee_name | granted_by
--> OWNERSHIP | ACCOUNTADMIN | ACCOUNTADMIN

drop role it;
--> IT successfully dropped.

desc role clerks;
--> property | value
--> NAME | CLERKS
--> OWNER | ACCOUNTADMIN
--> COMMENT | null
--> CREATED_ON | 2026-01-01 00:00:00 UTC

create or alter role clerks comment = 'write letters';
--> Role CLERKS successfully altered.

create or alter role clerks;
--> Role CLERKS successfully altered.
