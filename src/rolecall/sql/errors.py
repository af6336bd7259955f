"""What the SQL language says no to: every refusal knows its code, its place and its words."""


class SqlCompilationError(Exception):
    """A text that cannot be carried out as it stands; `text` is what the client is shown."""

    code = "000604"
    sqlstate = "42601"

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Keep the sentence and its place: line and column count from 1, 0 says unknown."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    @property
    def text(self) -> str:
        """The sentence in the vendor's form."""
        return f"SQL compilation error:\n{self.message}"


class SqlSyntaxError(SqlCompilationError):
    """A text that is no statement we know: says where, what was found and what was expected."""

    code = "001003"
    sqlstate = "42000"

    @property
    def text(self) -> str:
        """The sentence behind the vendor's "syntax error line 1 at position 20" (from 0)."""
        position = max(self.column - 1, 0)
        return (
            "SQL compilation error:\n"
            f"syntax error line {max(self.line, 1)} at position {position} {self.message}"
        )


class UnknownFunction(SqlCompilationError):
    """A query calls a function that this language does not have."""

    code = "002140"
    sqlstate = "42601"

    def __init__(self, name: str, *, line: int = 0, column: int = 0) -> None:
        """Name the function as it was written."""
        super().__init__(f"Unknown function {name}", line=line, column=column)
        self.name = name


class UnknownRelation(SqlCompilationError):
    """A query reads from something that is neither a view nor a table function of ours."""

    code = "002003"
    sqlstate = "02000"

    def __init__(self, name: str, *, line: int = 0, column: int = 0) -> None:
        """Name the relation; the sentence never tells absent from forbidden."""
        super().__init__(
            f"Object '{name}' does not exist or not authorized.", line=line, column=column
        )
        self.name = name


class UnknownIdentifier(SqlCompilationError):
    """A query names a column that is not there."""

    code = "000904"
    sqlstate = "42000"

    def __init__(self, name: str, *, line: int = 0, column: int = 0) -> None:
        """Name the column."""
        super().__init__(f"invalid identifier '{name}'", line=line, column=column)
        self.name = name

    @property
    def text(self) -> str:
        """The sentence behind the vendor's "error line 1 at position 7", where that is known."""
        if not self.line:
            return super().text
        where = f"error line {self.line} at position {max(self.column - 1, 0)}"
        return f"SQL compilation error: {where}\n{self.message}"


class UnknownVariable(SqlCompilationError):
    """A statement reads a session variable that is not set."""

    code = "002211"
    sqlstate = "02000"

    def __init__(self, name: str, *, line: int = 0, column: int = 0) -> None:
        """Name the variable."""
        text = f"Session variable '${name}' does not exist"
        super().__init__(text, line=line, column=column)
        self.name = name


class InvalidArgument(SqlCompilationError):
    """A function is called with arguments that it cannot take."""

    code = "001015"
    sqlstate = "22023"

    def __init__(self, name: str, reason: str, *, line: int = 0, column: int = 0) -> None:
        """Name the function and say what it wants."""
        super().__init__(
            f"Invalid argument for function {name}: {reason}", line=line, column=column
        )
        self.name = name
        self.reason = reason


class MisplacedFunction(SqlCompilationError):
    """A function that changes the account stands where it might run never, or many times."""

    code = "002078"
    sqlstate = "42601"

    def __init__(self, name: str, *, line: int = 0, column: int = 0) -> None:
        """Name the function and the one place where it may stand."""
        super().__init__(
            f"Function {name} changes the account: call it alone, as SELECT {name}(...)",
            line=line,
            column=column,
        )
        self.name = name


class UnsupportedFeature(SqlCompilationError):
    """A query uses something of the vendor's language that this one leaves out."""

    code = "000002"
    sqlstate = "0A000"

    def __init__(self, feature: str) -> None:
        """Name the feature."""
        super().__init__(f"Unsupported feature: {feature}")
        self.feature = feature
