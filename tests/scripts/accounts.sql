show accounts;
--! 003001 Insufficient privileges to operate on account 'DEMO'

create account fresh admin_name = boss admin_password = 'geheim';
--! 003001 Insufficient privileges to operate on account 'DEMO'

use role orgadmin;
--> Statement executed successfully.

create account fresh admin_name = boss admin_password = 'geheim';
--> Account FRESH successfully created.

create account "Fresh" admin_name = boss admin_password = 'geheim';
--! 002002 Object 'Fresh' already exists.

create account bare admin_name = boss admin_password = '';
--! 001008 invalid value for property 'ADMIN_PASSWORD': it can't be empty

create account bare admin_name = '' admin_password = 'geheim';
--! 001008 invalid value for property 'ADMIN_NAME': it can't be empty

create account bare admin_name = boss admin_password = 'geheim' admin_rsa_public_key = 'no key';
--! 001008 invalid value for property 'RSA_PUBLIC_KEY': it takes an RSA public key of at least 2048 bits in PEM, with or without its header

create account other admin_name = 'boss' admin_password = 'geheim' admin_rsa_public_key = 'MII' first_name = 'Ann' last_name = 'Ames' email = 'ann@example.com' must_change_password = true admin_user_type = person edition = standard region = here comment = 'of another team';
--> Account OTHER successfully created. EDITION and REGION have no effect here.

create account third admin_name = boss admin_password = 'geheim' edition = standard;
--> Account THIRD successfully created. EDITION has no effect here.

show accounts;
--> organization_name | account_name | snowflake_region | comment | is_org_admin
--> ACME | DEMO | LOCAL |  | true
--> ACME | FRESH | LOCAL |  | false
--> ACME | OTHER | LOCAL | of another team | false
--> ACME | THIRD | LOCAL |  | false

show organization accounts like 'o%';
--> account_name
--> OTHER

drop account fresh grace_period_in_days = 2;
--! 001008 invalid value for property 'GRACE_PERIOD_IN_DAYS': it takes 3 to 90

drop account fresh grace_period_in_days = 91;
--! 001008 invalid value for property 'GRACE_PERIOD_IN_DAYS': it takes 3 to 90

drop account demo grace_period_in_days = 3;
--! 003001 System account 'DEMO' can't be changed, given away or dropped.

drop account nobody grace_period_in_days = 3;
--! 002003 Account 'NOBODY' does not exist or not authorized.

drop account if exists nobody grace_period_in_days = 3;
--> Drop statement executed successfully (there is no such account).

drop account fresh grace_period_in_days = 3;
--> FRESH successfully dropped. It can be restored within 3 days.

drop account fresh grace_period_in_days = 3;
--! 002003 Account 'FRESH' does not exist or not authorized.

create account fresh admin_name = boss admin_password = 'geheim';
--! 002002 Object 'FRESH' already exists.

show accounts like 'f%';
--> account_name

show accounts history like 'f%';
--> account_name | dropped_on | scheduled_deletion_time | restored_on
--> FRESH | 1767225600000000 | 1767484800000000 | NULL

undrop account fresh;
--> Account FRESH successfully restored.

undrop account fresh;
--! 002003 Account 'FRESH' does not exist or not authorized.

show accounts history like 'f%';
--> account_name | dropped_on | scheduled_deletion_time | restored_on
--> FRESH | NULL | NULL | 1767225600000000

use role accountadmin;
--> Statement executed successfully.

drop account fresh grace_period_in_days = 3;
--! 003001 Insufficient privileges to operate on account 'DEMO'

undrop account fresh;
--! 003001 Insufficient privileges to operate on account 'DEMO'
