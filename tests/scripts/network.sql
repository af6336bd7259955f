create network rule office type = ipv4 value_list = ('192.0.2.0/24', '198.51.100.7') comment = 'HQ';
--> Network rule OFFICE successfully created.

create network rule office type = ipv4 value_list = ('192.0.2.0/24');
--! 002002 Object 'OFFICE' already exists.

create network rule if not exists office type = ipv4 value_list = ('192.0.2.0/24');
--> OFFICE already exists, statement succeeded.

create network rule odd type = ipv4 value_list = ('192.0.2.0/33');
--! 001008 invalid value for property 'VALUE_LIST': '192.0.2.0/33' is no IPv4 address or block such as '192.0.2.0/24'

create network rule odd type = ipv4 value_list = ('2001:db8::/32');
--! 001008 invalid value for property 'VALUE_LIST': '2001:db8::/32' is no IPv4 address or block such as '192.0.2.0/24'

create network rule odd type = ipv4 value_list = ('192.0.2.0/255.255.255.0');
--! 001008 invalid value for property 'VALUE_LIST': '192.0.2.0/255.255.255.0' is no IPv4 address or block such as '192.0.2.0/24'

create network rule odd type = wifi value_list = ('x');
--! 001008 invalid value for property 'TYPE': it takes one of IPV4, IPV6, AWSVPCEID, AZURELINKID, GCPPSCID, HOST_PORT, PRIVATE_HOST_PORT, COMPUTE_POOL

create network rule odd type = ipv4 mode = sideways value_list = ('192.0.2.1');
--! 001008 invalid value for property 'MODE': it takes one of INGRESS, INTERNAL_STAGE, SNOWFLAKE_MANAGED_STORAGE_VOLUME, EGRESS

create network rule six type = ipv6 value_list = ('2001:db8::/32');
--> Network rule SIX successfully created.

create network rule link type = azurelinkid mode = ingress value_list = ('/subscriptions/0/link');
--> Network rule LINK successfully created.

create network rule outgoing type = host_port mode = egress value_list = ('example.com:443');
--> Network rule OUTGOING successfully created.

show network rules;
--> name | owner | comment | type | mode | entries_in_valuelist | owner_role_type
--> LINK | ACCOUNTADMIN |  | AZURELINKID | INGRESS | 1 | ROLE
--> OFFICE | ACCOUNTADMIN | HQ | IPV4 | INGRESS | 2 | ROLE
--> OUTGOING | ACCOUNTADMIN |  | HOST_PORT | EGRESS | 1 | ROLE
--> SIX | ACCOUNTADMIN |  | IPV6 | INGRESS | 1 | ROLE

show network rules like 'o%' in account limit 1;
--> name
--> OFFICE

desc network rule office;
--> name | type | mode | comment | value_list
--> OFFICE | IPV4 | INGRESS | HQ | 192.0.2.0/24,198.51.100.7

desc network rule nowhere;
--! 002003 Network rule 'NOWHERE' does not exist or not authorized.

create network policy strict allowed_network_rule_list = ('office') blocked_ip_list = ('192.0.2.99') comment = 'only us';
--> Network policy STRICT successfully created.

create network policy strict;
--! 002002 Object 'STRICT' already exists.

create network policy if not exists strict;
--> STRICT already exists, statement succeeded.

create network policy loose allowed_network_rule_list = ('nowhere');
--! 002003 Network rule 'NOWHERE' does not exist or not authorized.

create network policy loose allowed_network_rule_list = ('outgoing');
--! 001008 invalid value for property 'NETWORK_RULE_LIST': rule 'OUTGOING' has MODE = EGRESS

create network policy loose allowed_ip_list = ('everywhere');
--! 001008 invalid value for property 'ALLOWED_IP_LIST': 'everywhere' is no IPv4 address or block such as '192.0.2.0/24'

create or replace network policy loose allowed_ip_list = ('0.0.0.0/0');
--> Network policy LOOSE successfully created.

create or alter network policy loose allowed_ip_list = ('0.0.0.0/0') comment = 'all';
--> Network policy LOOSE successfully altered.

create or alter network policy third;
--> Network policy THIRD successfully created.

create or alter network rule six type = ipv4 value_list = ('192.0.2.1');
--! 001008 invalid value for property 'TYPE': it can't be altered: create the rule anew

create or alter network rule six type = ipv6 value_list = ('2001:db8:1::/48');
--> Network rule SIX successfully altered.

show network policies;
--> name | comment | entries_in_allowed_ip_list | entries_in_blocked_ip_list | entries_in_allowed_network_rules | entries_in_blocked_network_rules
--> LOOSE | all | 1 | 0 | 0 | 0
--> STRICT | only us | 0 | 1 | 1 | 0
--> THIRD |  | 0 | 0 | 0 | 0

describe network policy strict;
--> name | value
--> ALLOWED_NETWORK_RULE_LIST | OFFICE
--> BLOCKED_IP_LIST | 192.0.2.99

alter network policy strict add allowed_network_rule_list = ('six', 'office') blocked_network_rule_list = 'link';
--> Statement executed successfully.

alter network policy strict remove blocked_network_rule_list = ('link');
--> Statement executed successfully.

alter network policy strict remove blocked_network_rule_list = ('link');
--! 001008 invalid value for property 'BLOCKED_NETWORK_RULE_LIST': 'LINK' is not in it

alter network policy strict set blocked_ip_list = ('192.0.2.98', '192.0.2.99');
--> Statement executed successfully.

desc network policy strict;
--> name | value
--> ALLOWED_NETWORK_RULE_LIST | OFFICE,SIX
--> BLOCKED_IP_LIST | 192.0.2.98,192.0.2.99

alter network policy strict unset comment, blocked_ip_list;
--> Statement executed successfully.

alter network policy strict rename to loose;
--! 002002 Object 'LOOSE' already exists.

alter network policy strict rename to "Strict";
--> Statement executed successfully.

alter network policy strict unset comment;
--! 002003 did you mean "Strict" (quoted)?

alter network policy if exists strict unset comment;
--> Statement executed successfully.

alter network policy "Strict" rename to strict;
--> Statement executed successfully.

alter network rule six set value_list = ('2001:db8::/32') comment = 'six';
--> Statement executed successfully.

alter network rule six unset comment;
--> Statement executed successfully.

alter network rule if exists nowhere unset comment;
--> Statement executed successfully.

drop network rule office;
--! 003540 Cannot drop or replace network rule 'OFFICE': it is in use by NETWORK POLICY. Take it off there first.

create or replace network rule office type = ipv4 value_list = ('192.0.2.1');
--! 003540 Cannot drop or replace network rule 'OFFICE': it is in use by NETWORK POLICY. Take it off there first.

alter account set network_policy = strict;
--> Statement executed successfully.

alter account set network_policy = nowhere;
--! 002003 Network policy 'NOWHERE' does not exist or not authorized.

show parameters like 'network_policy' in account;
--> key | value | default | level | type
--> NETWORK_POLICY | STRICT |  | ACCOUNT | STRING

drop network policy strict;
--! 003540 Cannot drop or replace network policy 'STRICT': it is in use by ACCOUNT. Take it off there first.

create or replace network policy strict;
--! 003540 Cannot drop or replace network policy 'STRICT': it is in use by ACCOUNT. Take it off there first.

alter account unset network_policy;
--> Statement executed successfully.

create user bob network_policy = strict email = 'bob@example.com';
--> User BOB successfully created.

show parameters like 'network_policy' in user bob;
--> key | value | default | level | type
--> NETWORK_POLICY | STRICT |  | USER | STRING

drop network policy strict;
--! 003540 Cannot drop or replace network policy 'STRICT': it is in use by USER. Take it off there first.

alter user bob unset network_policy, email;
--> Statement executed successfully.

alter user bob set network_policy = 'loose';
--> Statement executed successfully.

alter user bob rename to rob;
--> Statement executed successfully.

show parameters like 'network%' for user rob;
--> value | level
--> LOOSE | USER

show parameters for user nobody;
--! 002003 User 'NOBODY' does not exist or not authorized.

alter user if exists nobody set network_policy = loose;
--> Statement executed successfully.

create user if not exists rob network_policy = strict;
--> ROB already exists, statement succeeded.

drop user rob;
--> ROB successfully dropped.

drop network policy strict;
--> STRICT successfully dropped.

drop network policy strict;
--! 002003 Network policy 'STRICT' does not exist or not authorized.

drop network policy if exists strict;
--> Drop statement executed successfully (STRICT already dropped).

drop network rule office;
--> OFFICE successfully dropped.

grant usage on network policy loose to role public;
--> Statement executed successfully.

show grants on network policy loose;
--> privilege | granted_on | name | grantee_name
--> OWNERSHIP | NETWORK POLICY | LOOSE | ACCOUNTADMIN
--> USAGE | NETWORK POLICY | LOOSE | PUBLIC

grant ownership on network policy loose to role securityadmin copy current grants;
--> Statement executed successfully.

grant ownership on network rule six to role securityadmin;
--> Statement executed successfully.

grant create network policy, create network rule, attach policy on account to role public;
--> Statement executed successfully.

revoke create network policy on account from role securityadmin;
--! 003001 System role 'SECURITYADMIN' can't be changed, given away or dropped.

create network rule "my rule" type = ipv4 value_list = ('192.0.2.1');
--> Network rule my rule successfully created.

create network policy quoted allowed_network_rule_list = ('"my rule"', 'six');
--> Network policy QUOTED successfully created.

select get_ddl('network policy', 'quoted');
--> GET_DDL('NETWORK POLICY', 'QUOTED')
--> CREATE OR REPLACE NETWORK POLICY "QUOTED" ALLOWED_NETWORK_RULE_LIST = ('"my rule"', 'SIX');
