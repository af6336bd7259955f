create user bob email = 'bob@example.com';
--> User BOB successfully created.

alter account purge history for 'nobody';
--! 002003 User 'nobody' does not exist or not authorized.

alter account purge history for bob;
--! 001003 Expected a string in single quotes.

alter account purge;
--! 001003 Expected HISTORY.

alter account purge history for '018f0000-0000-7000-8000-000000000003';
--> 3 rows of the histories hold no data of 018f0000-0000-7000-8000-000000000003 any more.

alter account purge history for '018f0000-0000-7000-8000-000000000003';
--> 0 rows of the histories hold no data of 018f0000-0000-7000-8000-000000000003 any more.

show users like 'bob';
--> name | login_name | email
--> BOB | BOB | bob@example.com
