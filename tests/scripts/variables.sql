set team = 'data';
--> Statement executed successfully.

set (size, half, big) = (-7, 50, true);
--> Statement executed successfully.

select $team, $Size as n, $half, $big;
--> $TEAM | N | $HALF | $BIG
--> data | -7 | 50 | True

set copy = $team;
--> Statement executed successfully.

set me = current_user();
--> Statement executed successfully.

show variables;
--> name | value | type
--> BIG | True | boolean
--> COPY | data | text
--> HALF | 50 | fixed
--> ME | ADMIN | text
--> SIZE | -7 | fixed
--> TEAM | data | text

unset (copy, half, nothing);
--> Statement executed successfully.

unset big;
--> Statement executed successfully.

show variables like 't%';
--> name
--> TEAM

select $copy;
--! 002211 Session variable '$COPY' does not exist

select $1;
--! 000002 Unsupported feature: a column by position

set x = null;
--! 001008 invalid value for property 'X': it takes a text, a number, or TRUE or FALSE

set x = current_timestamp();
--! 001008 invalid value for property 'X': it takes a text, a number, or TRUE or FALSE

create security integration okta type = scim scim_client = 'okta' run_as_role = 'ACCOUNTADMIN';
--> Integration OKTA successfully created.

set x = system$generate_scim_access_token('OKTA');
--! 000002 Unsupported feature: a variable that holds a token is not supported yet.

use role identifier($team);
--! 002003 Role 'DATA' does not exist or not authorized.

create role identifier($team) comment = $copy;
--! 002211 Session variable '$COPY' does not exist

create role identifier($team) comment = $team;
--> Role DATA successfully created.

show roles like $team;
--> name | comment
--> DATA | data

use role identifier('no such name');
--! 001003 Expected a name in quotes, or a variable that holds one: IDENTIFIER('my_name').

show grants to role identifier('data');
--> privilege | name

drop role identifier($team);
--> DATA successfully dropped.

select identifier($team);
--! 002140 Unknown function IDENTIFIER
