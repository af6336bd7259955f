"""Which functions a query may call: the account's own, which the caller answers, and the engine's.

What stands in neither table is an unknown function, whatever the engine underneath could do.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class ResultType(StrEnum):
    """What a value is, in the vendor's words (SQL API reference, rowType)."""

    TEXT = "TEXT"
    FIXED = "FIXED"
    REAL = "REAL"
    BOOLEAN = "BOOLEAN"
    TIMESTAMP_LTZ = "TIMESTAMP_LTZ"


class AccountFunction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A function that the account answers; how many arguments it takes; whether it changes it."""

    name: str
    result: ResultType = ResultType.TEXT
    arguments_min: int = 0
    arguments_max: int = 0
    changes_account: bool = False


_ACCOUNT_FUNCTIONS = (
    AccountFunction(name="CURRENT_ACCOUNT"),
    AccountFunction(name="CURRENT_ACCOUNT_NAME"),
    AccountFunction(name="CURRENT_AVAILABLE_ROLES"),
    AccountFunction(name="CURRENT_CLIENT"),
    AccountFunction(name="CURRENT_DATABASE"),
    AccountFunction(name="CURRENT_IP_ADDRESS"),
    AccountFunction(name="CURRENT_ORGANIZATION_NAME"),
    AccountFunction(name="CURRENT_REGION"),
    AccountFunction(name="CURRENT_ROLE"),
    AccountFunction(name="CURRENT_SCHEMA"),
    AccountFunction(name="CURRENT_SECONDARY_ROLES"),
    AccountFunction(name="CURRENT_SESSION"),
    # Microseconds since the epoch; the fractional precision is accepted and always 6.
    AccountFunction(name="CURRENT_TIMESTAMP", result=ResultType.TIMESTAMP_LTZ, arguments_max=1),
    AccountFunction(name="CURRENT_STATEMENT"),
    AccountFunction(name="CURRENT_USER"),
    AccountFunction(name="CURRENT_VERSION"),
    AccountFunction(name="CURRENT_WAREHOUSE"),
    AccountFunction(
        name="IS_ROLE_IN_SESSION", result=ResultType.BOOLEAN, arguments_min=1, arguments_max=1
    ),
    # The object's kind and its name, spelled as in a statement.
    AccountFunction(name="GET_DDL", arguments_min=2, arguments_max=2),
    # How many back (-1 is the last), or which of those known.
    AccountFunction(name="LAST_QUERY_ID", arguments_max=1),
    # JSON text: the versions of clients that are recommended and supported.
    AccountFunction(name="SYSTEM$CLIENT_VERSION_INFO"),
    # An address, and an integration; the answer is JSON text (ours).
    AccountFunction(name="SYSTEM$EVALUATE_NETWORK_POLICY", arguments_min=1, arguments_max=2),
    # The second argument, the token's purpose, is ours: earlier ones of that purpose end.
    AccountFunction(
        name="SYSTEM$GENERATE_SCIM_ACCESS_TOKEN",
        arguments_min=1,
        arguments_max=2,
        changes_account=True,
    ),
)

ACCOUNT_FUNCTIONS: Mapping[str, AccountFunction] = {
    function.name: function for function in _ACCOUNT_FUNCTIONS
}

# Documented functions of the vendor that sqlglot and the engine carry out between them.
QUERY_FUNCTIONS = frozenset(
    """
    ABS ADD_MONTHS ANY_VALUE APPROX_COUNT_DISTINCT ARRAY_AGG ARRAY_CONSTRUCT ARRAY_CONTAINS
    ARRAY_SIZE ARRAY_TO_STRING ASCII AVG BITAND BITOR BITXOR BOOLAND_AGG BOOLOR_AGG CAST CEIL
    CEILING CHAR CHARINDEX CHAR_LENGTH CHR COALESCE CONCAT CONCAT_WS CONTAINS CONVERT_TIMEZONE
    CORR COUNT COUNT_IF CUME_DIST CURRENT_DATE DATE DATEADD DATEDIFF DATE_FROM_PARTS DATE_PART
    DATE_TRUNC DAY DAYNAME DAYOFMONTH DAYOFWEEK DAYOFYEAR DECODE DENSE_RANK DIV0 EDITDISTANCE
    ENDSWITH EQUAL_NULL EXP EXTRACT FIRST_VALUE FLOOR GET GET_PATH GREATEST GROUPING HASH HOUR
    IFF IFNULL ILIKE INITCAP INSERT IS_NULL_VALUE LAG LAST_DAY LAST_VALUE LEAD LEAST LEFT LEN
    LENGTH LIKE LISTAGG LN LOG LOWER LPAD LTRIM MAX MAX_BY MD5 MEDIAN MIN MINUTE MIN_BY MOD MODE
    MONTH MONTHNAME NTH_VALUE NTILE NULLIF NULLIFZERO NVL NVL2 OBJECT_CONSTRUCT OBJECT_KEYS
    PARSE_JSON PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK POSITION POW POWER QUARTER RANK
    RATIO_TO_REPORT REGEXP_COUNT REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR REPEAT
    REPLACE REVERSE RIGHT RLIKE ROUND ROW_NUMBER RPAD RTRIM SECOND SHA2 SIGN SPLIT SPLIT_PART
    SQRT STARTSWITH STDDEV STDDEV_POP STDDEV_SAMP STRTOK SUBSTR SUBSTRING SUM TIME TIMEADD
    TIMEDIFF TIMESTAMPADD TIMESTAMPDIFF TIMESTAMP_FROM_PARTS TIME_SLICE TO_BOOLEAN TO_CHAR
    TO_DATE TO_DECIMAL TO_DOUBLE TO_JSON TO_NUMBER TO_NUMERIC TO_TIME TO_TIMESTAMP
    TO_TIMESTAMP_LTZ TO_TIMESTAMP_NTZ TO_TIMESTAMP_TZ TO_VARCHAR TO_VARIANT TRANSLATE TRIM TRUNC
    TRY_CAST TRY_PARSE_JSON TRY_TO_BOOLEAN TRY_TO_DATE TRY_TO_NUMBER TRY_TO_TIMESTAMP TYPEOF
    UPPER VARIANCE VAR_POP VAR_SAMP WEEK WEEKISO YEAR ZEROIFNULL
    """.split()  # noqa: SIM905  a list would take a line a word
)
