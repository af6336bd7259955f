create role identity;
--> Role IDENTITY successfully created.

use secondary roles none;
--> Statement executed successfully.

create role watcher;
--> Role WATCHER successfully created.

grant role identity to user admin;
--> Statement executed successfully.

grant role watcher to user admin;
--> Statement executed successfully.

create security integration sso type = external_oauth external_oauth_type = okta external_oauth_issuer = 'https://issuer.example.com' external_oauth_jws_keys_url = 'https://issuer.example.com/keys' external_oauth_audience_list = ('rolecall', 'it''s') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'login_name' external_oauth_scope_mapping_attribute = 'scope' comment = 'single sign-on';
--> Integration SSO successfully created.

show grants on integration sso;
--> privilege | granted_on | name | granted_to | grantee_name | grant_option | granted_by
--> OWNERSHIP | INTEGRATION | SSO | ROLE | ACCOUNTADMIN | true | ACCOUNTADMIN

select get_ddl('integration', 'sso') as ddl;
--> DDL
--> CREATE OR REPLACE SECURITY INTEGRATION "SSO" TYPE = EXTERNAL_OAUTH ENABLED = TRUE EXTERNAL_OAUTH_TYPE = 'OKTA' EXTERNAL_OAUTH_ISSUER = 'https://issuer.example.com' EXTERNAL_OAUTH_JWS_KEYS_URL = 'https://issuer.example.com/keys' EXTERNAL_OAUTH_AUDIENCE_LIST = ('rolecall', 'it''s') EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM = 'sub' EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE = 'LOGIN_NAME' EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE = 'scope' COMMENT = 'single sign-on';

CREATE OR REPLACE SECURITY INTEGRATION "SSO" TYPE = EXTERNAL_OAUTH ENABLED = TRUE EXTERNAL_OAUTH_TYPE = 'OKTA' EXTERNAL_OAUTH_ISSUER = 'https://issuer.example.com' EXTERNAL_OAUTH_JWS_KEYS_URL = 'https://issuer.example.com/keys' EXTERNAL_OAUTH_AUDIENCE_LIST = ('rolecall', 'it''s') EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM = 'sub' EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE = 'LOGIN_NAME' EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE = 'scope' COMMENT = 'single sign-on';
--> Integration SSO successfully created.

select get_ddl('security integration', 'nothing');
--! 002003 Integration 'NOTHING' does not exist or not authorized.

use role watcher;
--> Statement executed successfully.

show integrations;
--> name

show grants on integration sso;
--! 002003 Integration 'SSO' does not exist or not authorized.

desc security integration sso;
--! 002003 Integration 'SSO' does not exist or not authorized.

use role accountadmin;
--> Statement executed successfully.

grant usage on integration sso to role watcher;
--> Statement executed successfully.

grant create role on integration sso to role watcher;
--! 001003 Expected a privilege on integration: MONITOR, OWNERSHIP, USAGE.

use role watcher;
--> Statement executed successfully.

show integrations;
--> name | type
--> SSO | EXTERNAL_OAUTH - OKTA

show grants on integration sso;
--> privilege | granted_on | name | grantee_name
--> OWNERSHIP | INTEGRATION | SSO | ACCOUNTADMIN
--> USAGE | INTEGRATION | SSO | WATCHER

desc security integration sso;
--! 003001 Insufficient privileges to operate on integration 'SSO'

alter security integration sso set enabled = false;
--! 003001 Insufficient privileges to operate on integration 'SSO'

drop integration "sso";
--! 002003 did you mean SSO (without quotes)?

drop integration sso;
--! 003001 Insufficient privileges to operate on integration 'SSO'

select get_ddl('integration', 'sso');
--! 003001 Insufficient privileges to operate on integration 'SSO'

grant ownership on integration sso to role watcher;
--! 003001 Insufficient privileges to operate on integration 'SSO'

use role accountadmin;
--> Statement executed successfully.

grant ownership on integration sso to role identity;
--! 003069 Dependent grants on integration 'SSO' exist. Say what becomes of them: add COPY CURRENT GRANTS or REVOKE CURRENT GRANTS.

grant ownership on integration sso to role identity copy current grants;
--> Statement executed successfully.

show grants on integration sso;
--> privilege | grantee_name | granted_by
--> OWNERSHIP | IDENTITY | IDENTITY
--> USAGE | WATCHER | IDENTITY

show grants to role identity;
--> privilege | granted_on | name
--> OWNERSHIP | INTEGRATION | SSO

show grants to role watcher;
--> privilege | granted_on | name
--> USAGE | INTEGRATION | SSO

use role identity;
--> Statement executed successfully.

alter security integration sso set enabled = false;
--> Statement executed successfully.

desc security integration sso;
--> property | property_value
--> ENABLED | false
--> EXTERNAL_OAUTH_TYPE | OKTA
--> EXTERNAL_OAUTH_ISSUER | https://issuer.example.com
--> EXTERNAL_OAUTH_JWS_KEYS_URL | https://issuer.example.com/keys
--> EXTERNAL_OAUTH_RSA_PUBLIC_KEY |
--> EXTERNAL_OAUTH_AUDIENCE_LIST | rolecall,it's
--> EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM | sub
--> EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE | LOGIN_NAME
--> EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE | scope
--> COMMENT | single sign-on

use role accountadmin;
--> Statement executed successfully.

drop role identity;
--> IDENTITY successfully dropped.

show grants on integration sso;
--> privilege | grantee_name
--> OWNERSHIP | ACCOUNTADMIN

drop integration sso;
--> SSO successfully dropped.

show grants to role watcher;
--> privilege | granted_on | name
