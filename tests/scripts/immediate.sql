execute immediate 'create role by_text';
--> Role BY_TEXT successfully created.

execute immediate $$ select 1 as n; $$;
--> N
--> 1

set statement = 'drop role by_text';
--> Statement executed successfully.

execute immediate $statement;
--> BY_TEXT successfully dropped.

execute immediate 'select 1; select 2';
--! 000002 Unsupported feature: EXECUTE IMMEDIATE of a block or of several statements

execute immediate 'execute immediate ''select 1''';
--! 000002 Unsupported feature: EXECUTE IMMEDIATE inside EXECUTE IMMEDIATE

execute immediate 'select 1' ->> select 2;
--! 000002 Unsupported feature: EXECUTE IMMEDIATE as a part of a pipe

execute immediate '';
--! 000900 Empty SQL statement.

execute immediate 'drop role a b';
--! 001003 Expected the end of the statement.

create role noted;
--> Role NOTED successfully created.

comment on role noted is 'for a while';
--> Statement executed successfully.

describe role noted;
--> property | value | default | description
--> NAME | NOTED | null | Name
--> OWNER | ACCOUNTADMIN | null | Role that owns it
--> COMMENT | for a while | null | Comment
--> CREATED_ON | 2026-01-01 00:00:00 UTC | null | When it was made

comment if exists on user nobody is 'x';
--> Statement executed successfully.

comment on user nobody is 'x';
--! 002003 User 'NOBODY' does not exist or not authorized.

comment on table t is 'x';
--! 001003 Expected INTEGRATION or NETWORK POLICY or NETWORK RULE or ROLE or SECURITY INTEGRATION or USER.

drop role noted;
--> NOTED successfully dropped.
