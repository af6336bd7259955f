create role analyst;
--> Role ANALYST successfully created.

create user bob;
--> User BOB successfully created.

create user robot type = service;
--> User ROBOT successfully created.

alter user bob add programmatic access token first comment = 'laptop' days_to_expiry = 30 mins_to_bypass_network_policy_requirement = 10;
--> token_name | token_secret
--> FIRST | token-1

alter user bob add pat first;
--! 002002 Object 'FIRST' already exists.

alter user bob add pat "First";
--> token_name | token_secret
--> First | token-3

alter user bob add pat limited role_restriction = 'ANALYST';
--! 001008 invalid value for property 'ROLE_RESTRICTION': role ANALYST is not granted to user BOB

grant role analyst to user bob;
--> Statement executed successfully.

alter user bob add pat limited role_restriction = 'analyst';
--> token_name | token_secret
--> LIMITED | token-5

alter user bob add pat other role_restriction = nobody;
--! 002003 Role 'NOBODY' does not exist or not authorized.

alter user robot add pat first;
--! 001008 invalid value for property 'ROLE_RESTRICTION': a token of a user of TYPE SERVICE has to name its role

alter user bob add pat long days_to_expiry = 366;
--! 001008 invalid value for property 'DAYS_TO_EXPIRY': it takes a whole number from 1 to 365

alter user bob add pat short days_to_expiry = 0;
--! 001008 invalid value for property 'DAYS_TO_EXPIRY': it takes a whole number from 1 to 365

alter user nobody add pat first;
--! 002003 User 'NOBODY' does not exist or not authorized.

alter user if exists nobody add pat first;
--> token_name | token_secret

show user programmatic access tokens for user bob;
--> name | user_name | role_restriction | expires_at | status | comment | created_on | created_by | mins_to_bypass_network_policy_requirement | rotated_to
--> FIRST | BOB | NULL | 1769817600000000 | ACTIVE | laptop | 1767225600000000 | ann | 10 | NULL
--> First | BOB | NULL | 1768521600000000 | ACTIVE | NULL | 1767225600000000 | ann | NULL | NULL
--> LIMITED | BOB | ANALYST | 1768521600000000 | ACTIVE | NULL | 1767225600000000 | ann | NULL | NULL

show users like 'bob';
--> name | has_pat
--> BOB | true

alter user bob rotate pat first expire_rotated_token_after_hours = 2;
--> token_name | token_secret | rotated_token_name
--> FIRST | token-10 | FIRST_ROTATED_1767225600000

alter user bob rotate pat limited expire_rotated_token_after_hours = 25;
--! 001008 invalid value for property 'EXPIRE_ROTATED_TOKEN_AFTER_HOURS': it takes a whole number from 0 to 24

alter user bob rotate pat nothing;
--! 002003 Token 'NOTHING' does not exist or not authorized.

alter user if exists nobody rotate pat nothing;
--> token_name | token_secret

show user pats for user bob;
--> name | expires_at | status | comment | rotated_to
--> FIRST | 1769817600000000 | ACTIVE | laptop | NULL
--> FIRST_ROTATED_1767225600000 | 1767232800000000 | ACTIVE | laptop | FIRST
--> First | 1768521600000000 | ACTIVE | NULL | NULL
--> LIMITED | 1768521600000000 | ACTIVE | NULL | NULL

alter user bob modify pat limited set disabled = true comment = 'paused';
--> Statement executed successfully.

alter user bob modify pat limited set mins_to_bypass_network_policy_requirement = 5;
--> Statement executed successfully.

alter user bob modify pat "First" rename to second;
--> Statement executed successfully.

alter user bob modify pat second rename to limited;
--! 002002 Object 'LIMITED' already exists.

alter user bob modify pat nothing set comment = 'x';
--! 002003 Token 'NOTHING' does not exist or not authorized.

alter user if exists nobody modify pat nothing set comment = 'x';
--> Statement executed successfully.

alter user bob modify pat second set disabled = false;
--> Statement executed successfully.

show user pats for user bob;
--> name | status | comment | mins_to_bypass_network_policy_requirement
--> FIRST | ACTIVE | laptop | 10
--> FIRST_ROTATED_1767225600000 | ACTIVE | laptop | 10
--> LIMITED | DISABLED | paused | 5
--> SECOND | ACTIVE | NULL | NULL

alter user bob modify pat limited unset disabled, comment, mins_to_bypass_network_policy_requirement;
--> Statement executed successfully.

alter user bob remove pat second;
--> Statement executed successfully.

alter user bob remove pat second;
--! 002003 Token 'SECOND' does not exist or not authorized.

alter user if exists nobody remove pat second;
--> Statement executed successfully.

show user pats for user bob;
--> name | status | comment
--> FIRST | ACTIVE | laptop
--> FIRST_ROTATED_1767225600000 | ACTIVE | laptop
--> LIMITED | ACTIVE | NULL

show user pats for user nobody;
--! 002003 User 'NOBODY' does not exist or not authorized.

show user pats;
--> name

alter user add pat mine;
--> token_name | token_secret
--> MINE | token-13

show user pats;
--> name | user_name | created_by
--> MINE | ADMIN | ann

alter user remove pat mine;
--> Statement executed successfully.

show users like 'admin';
--> name | has_pat
--> ADMIN | false

alter user bob set disabled = true;
--> Statement executed successfully.

show user pats for user bob;
--> name

show users like 'bob';
--> name | has_pat
--> BOB | false

alter user bob set disabled = false;
--> Statement executed successfully.

alter user bob add pat again;
--> token_name | token_secret
--> AGAIN | token-14

drop user bob;
--> BOB successfully dropped.

create user bob;
--> User BOB successfully created.

show user pats for user bob;
--> name
