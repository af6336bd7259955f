create role analyst comment = 'reads';
--> Role ANALYST successfully created.

create role analyst;
--! 002002 Object 'ANALYST' already exists.

create role if not exists analyst;
--> ANALYST already exists, statement succeeded.

create or replace role analyst;
--> Role ANALYST successfully created.

alter role analyst set comment = 'counts';
--> Statement executed successfully.

alter role analyst rename to "Analysts";
--> Statement executed successfully.

desc role "Analysts";
--> property | value
--> NAME | Analysts
--> OWNER | ACCOUNTADMIN
--> COMMENT | counts
--> CREATED_ON | 2026-01-01 00:00:00 UTC

desc role analysts;
--! 002003 did you mean "Analysts" (quoted)?

alter role "Analysts" unset comment;
--> Statement executed successfully.

create role b1;
--> Role B1 successfully created.

create role b2;
--> Role B2 successfully created.

create role b_3;
--> Role B_3 successfully created.

show roles like 'b%';
--> name | is_default | is_current | is_inherited | owner | comment
--> B1 | N | N | N | ACCOUNTADMIN |
--> B2 | N | N | N | ACCOUNTADMIN |
--> B_3 | N | N | N | ACCOUNTADMIN |

show terse roles like 'b\\_%';
--> name
--> B_3

show roles starts with 'B' limit 1 from 'B1';
--> name
--> B2

show roles like 'b_';
--> name
--> B1
--> B2

use role b1;
--! 003013 Requested role 'B1' is not assigned to the executing user. Specify another role to activate.

grant role b1 to user admin;
--> Statement executed successfully.

use role b1;
--> Statement executed successfully.

create role c1;
--! 003001 Insufficient privileges to operate on account 'DEMO'

drop role b1;
--! 003001 Cannot drop role B1 as it is the current primary role.

use role accountadmin;
--> Statement executed successfully.

drop role b1;
--> B1 successfully dropped.

drop role b1;
--! 002003 Role 'B1' does not exist or not authorized.

drop role if exists b1;
--> Drop statement executed successfully (B1 already dropped).

drop role accountadmin;
--! 003001 System role 'ACCOUNTADMIN' can't be changed, given away or dropped.
