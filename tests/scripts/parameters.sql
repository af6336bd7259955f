show parameters like 'timezone';
--> key | value | default | level | description | type
--> TIMEZONE | UTC | UTC |  | The time zone of the session | STRING

alter session set timezone = 'Europe/Berlin', query_tag = nightly, client_session_keep_alive = true, week_start = 1;
--> Statement executed successfully.

show parameters like '%k%e_%' in session;
--> key | value | level
--> CLIENT_SESSION_KEEP_ALIVE | true | SESSION
--> CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY | 3600 |
--> LOCK_TIMEOUT | 43200 |
--> WEEK_OF_YEAR_POLICY | 0 |

alter session unset query_tag, week_start;
--> Statement executed successfully.

alter session set autocommit = false;
--! 001008 invalid value for property 'AUTOCOMMIT': only true is carried out

alter session set week_start = -1;
--! 001008 invalid value for property 'WEEK_START': it takes a whole number from 0 to 2147483647

alter session set week_start = 'x';
--! 001008 invalid value for property 'WEEK_START': it takes a whole number from 0 to 2147483647

alter session set use_cached_result = maybe;
--! 001008 invalid value for property 'USE_CACHED_RESULT': it takes TRUE or FALSE

alter session set timezone = ('a');
--! 001008 invalid value for property 'TIMEZONE': it takes text

alter session set speed = 'high';
--! 001008 invalid value for property 'SPEED': there is no such parameter of session level

alter session set network_policy = office;
--! 001008 invalid value for property 'NETWORK_POLICY': there is no such parameter of session level

alter account set timezone = 'Europe/Rome', json_indent = 4;
--> Statement executed successfully.

alter account set map_scim_username_to_enterprise_attr = true;
--> Statement executed successfully.

show parameters like 'map%' in account;
--> key | value | default | level | type
--> MAP_SCIM_USERNAME_TO_ENTERPRISE_ATTR | true | false | ACCOUNT | BOOLEAN

alter account unset map_scim_username_to_enterprise_attr;
--> Statement executed successfully.

alter account set timezone = null;
--> Statement executed successfully.

show parameters like 'timezone' in account;
--> value | level
--> UTC |

show parameters like 'json_indent';
--> value | level
--> 4 | ACCOUNT

show parameters starts with 'W' limit 1;
--> key
--> WEEK_OF_YEAR_POLICY

show parameters like 'network_policy' in user;
--> key | value
--> NETWORK_POLICY |

use secondary roles none;
--> Statement executed successfully.

use role securityadmin;
--> Statement executed successfully.

alter account set timezone = 'UTC';
--! 003001 Insufficient privileges to operate on account 'DEMO'

create network policy home allowed_ip_list = ('192.0.2.1');
--> Network policy HOME successfully created.

alter account set network_policy = home;
--> Statement executed successfully.

alter account unset network_policy;
--> Statement executed successfully.

use role public;
--> Statement executed successfully.

alter account set network_policy = home;
--! 003001 Insufficient privileges to operate on account 'DEMO'

create network policy mine;
--! 003001 Insufficient privileges to operate on account 'DEMO'

create network rule mine type = ipv4 value_list = ();
--! 003001 Insufficient privileges to operate on account 'DEMO'

show network policies;
--> name

desc network policy home;
--! 002003 Network policy 'HOME' does not exist or not authorized.

drop network policy home;
--! 002003 Network policy 'HOME' does not exist or not authorized.

use role accountadmin;
--> Statement executed successfully.

create user ann timezone = 'Europe/Berlin' comment = 'x';
--> User ANN successfully created.

alter account set query_tag = 'all', week_start = 1;
--> Statement executed successfully.

alter user ann set query_tag = 'hers' comment = 'y';
--> Statement executed successfully.

show parameters like 'query_tag' for user ann;
--> key | value | default | level
--> QUERY_TAG | hers |  | USER

show parameters like 'week_start' in user ann;
--> key | value | default | level
--> WEEK_START | 1 | 0 | ACCOUNT

show parameters like 'timezone' for user ann;
--> key | value | level
--> TIMEZONE | Europe/Berlin | USER

alter user ann set week_start = 'monday';
--! 001008 invalid value for property 'WEEK_START': it takes a whole number from 0 to 2147483647

alter user ann set autocommit = false;
--! 001008 invalid value for property 'AUTOCOMMIT': only true is carried out

alter user ann unset query_tag, timezone, comment;
--> Statement executed successfully.

show parameters like 'query_tag' for user ann;
--> key | value | default | level
--> QUERY_TAG | all |  | ACCOUNT

alter user nobody set query_tag = 'x';
--! 002003 User 'NOBODY' does not exist or not authorized.

alter user if exists nobody set query_tag = 'x';
--> Statement executed successfully.

alter user ann set queri_tag = 'x';
--! 001003 Expected a property of a user (did you mean QUERY_TAG?).
