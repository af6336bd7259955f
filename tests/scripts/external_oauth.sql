create security integration sso type = external_oauth enabled = true external_oauth_type = okta external_oauth_issuer = 'https://issuer.example.com' external_oauth_jws_keys_url = 'https://issuer.example.com/keys' external_oauth_audience_list = ('rolecall', 'other') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'login_name' comment = 'single sign-on';
--> Integration SSO successfully created.

create security integration if not exists sso type = external_oauth external_oauth_type = okta external_oauth_issuer = 'x' external_oauth_jws_keys_url = 'https://issuer.example.com/keys' external_oauth_audience_list = ('rolecall') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'login_name';
--> SSO already exists, statement succeeded.

create security integration sso type = scim scim_client = 'generic' run_as_role = 'ACCOUNTADMIN';
--! 002002 Object 'SSO' already exists.

create security integration entra type = scim scim_client = 'generic' run_as_role = 'ACCOUNTADMIN';
--> Integration ENTRA successfully created.

create security integration entra type = external_oauth external_oauth_type = azure external_oauth_issuer = 'x' external_oauth_jws_keys_url = 'https://issuer.example.com/keys' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 002002 Object 'ENTRA' already exists.

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'https://issuer.example.com' external_oauth_jws_keys_url = 'https://issuer.example.com/keys' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_ISSUER': it is that of SSO already

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'y' external_oauth_jws_keys_url = 'http://issuer.example.com/keys' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_JWS_KEYS_URL': it takes an address that begins with https://

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'y' external_oauth_jws_keys_url = 'https://[' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_JWS_KEYS_URL': it takes an address that begins with https://

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'y' external_oauth_jws_keys_url = 'https://issuer.example.com/a key' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_JWS_KEYS_URL': it takes an address of plain ASCII characters, percent-encoded

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'y' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_JWS_KEYS_URL': either it is set or EXTERNAL_OAUTH_RSA_PUBLIC_KEY, and not both

create security integration two type = external_oauth external_oauth_type = saml external_oauth_issuer = 'y' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_TYPE': it takes one of OKTA, AZURE, PING_FEDERATE, CUSTOM

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = '' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_ISSUER': it is needed, and can't be empty

create security integration two type = external_oauth external_oauth_type = custom external_oauth_issuer = 'y' external_oauth_rsa_public_key = 'short' external_oauth_audience_list = ('a') external_oauth_token_user_mapping_claim = 'sub' external_oauth_snowflake_user_mapping_attribute = 'email_address';
--! 001008 invalid value for property 'EXTERNAL_OAUTH_RSA_PUBLIC_KEY': it takes an RSA public key of at least 2048 bits, in PEM

show integrations;
--> name | type | category | enabled | comment
--> ENTRA | SCIM - GENERIC | SECURITY | true | NULL
--> SSO | EXTERNAL_OAUTH - OKTA | SECURITY | true | single sign-on

alter security integration sso set enabled = false external_oauth_audience_list = ('rolecall');
--> Statement executed successfully.

alter security integration sso unset comment;
--> Statement executed successfully.

alter security integration sso unset external_oauth_issuer;
--! 001008 invalid value for property 'EXTERNAL_OAUTH_ISSUER': it is needed, and can't be empty

alter security integration sso revoke token 'x';
--! 001008 invalid value for property 'TOKEN': an EXTERNAL_OAUTH integration issues none

desc security integration sso;
--> property | property_type | property_value | property_default
--> ENABLED | Boolean | false | true
--> EXTERNAL_OAUTH_TYPE | String | OKTA |
--> EXTERNAL_OAUTH_ISSUER | String | https://issuer.example.com |
--> EXTERNAL_OAUTH_JWS_KEYS_URL | String | https://issuer.example.com/keys |
--> EXTERNAL_OAUTH_RSA_PUBLIC_KEY | String |  |
--> EXTERNAL_OAUTH_AUDIENCE_LIST | List | rolecall |
--> EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM | String | sub |
--> EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE | String | LOGIN_NAME |
--> EXTERNAL_OAUTH_SCOPE_MAPPING_ATTRIBUTE | String | scp | scp
--> COMMENT | String |  |

drop integration sso;
--> SSO successfully dropped.

drop integration sso;
--! 002003 Integration 'SSO' does not exist or not authorized.
