use schema information_schema;
--! 090105 Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.

use database nowhere;
--! 002003 Database 'NOWHERE' does not exist or not authorized.

create database sales comment = 'x';
--> Database SALES successfully created.

show databases like 's%';
--> name | owner | comment
--> SALES | ACCOUNTADMIN | x

create database sales;
--! 002002 Object 'SALES' already exists.

create or replace database sales;
--> Database SALES successfully created.

create database if not exists sales;
--> SALES already exists, statement succeeded.

use sales;
--> Statement executed successfully.

use schema nothing;
--! 002003 Schema 'NOTHING' does not exist or not authorized.

use schema demo_db.information_schema;
--> Statement executed successfully.

use warehouse big;
--> Statement executed successfully.

select current_database(), current_schema(), current_warehouse(), current_role(), current_user();
--> CURRENT_DATABASE() | CURRENT_SCHEMA() | CURRENT_WAREHOUSE() | CURRENT_ROLE() | CURRENT_USER()
--> DEMO_DB | INFORMATION_SCHEMA | BIG | ACCOUNTADMIN | ADMIN

select current_account(), current_account_name(), current_organization_name(), is_role_in_session('SYSADMIN');
--> CURRENT_ACCOUNT() | CURRENT_ACCOUNT_NAME() | CURRENT_ORGANIZATION_NAME() | IS_ROLE_IN_SESSION('SYSADMIN')
--> DEMO | DEMO | ACME | True

select system$client_version_info();
--> SYSTEM$CLIENT_VERSION_INFO()
--> []

use secondary roles none;
--> Statement executed successfully.

select current_secondary_roles();
--> CURRENT_SECONDARY_ROLES()
--> {"roles":"","value":"NONE"}

use secondary roles all;
--> Statement executed successfully.

use secondary roles public, sysadmin;
--> Statement executed successfully.

use secondary roles nobody;
--! 002003 Role 'NOBODY' does not exist or not authorized.

create role loner;
--> Role LONER successfully created.

use secondary roles loner;
--! 003013 Requested role 'LONER' is not assigned to the executing user. Specify another role to activate.

show databases;
--> name | is_current | owner | kind
--> DEMO_DB | Y | ACCOUNTADMIN | STANDARD
--> SALES | N | ACCOUNTADMIN | STANDARD

show terse databases like 's%';
--> name | kind | schema_name
--> SALES | STANDARD | NULL

drop database sales;
--> SALES successfully dropped.

drop database if exists sales;
--> Drop statement executed successfully (SALES already dropped).

begin;
--> Statement executed successfully.

commit;
--> Statement executed successfully.

rollback;
--> Statement executed successfully.

alter session set timezone = 'UTC';
--> Statement executed successfully.
