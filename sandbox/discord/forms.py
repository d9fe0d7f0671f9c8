"""What a client sent, read field by field; every mistake is kept under its path in Discord's own shape.

Source: Discord's reference, Error Messages (50035 "Invalid Form Body").
"""

from collections.abc import Collection
from typing import Any

from sandbox.discord.errors import ApiError, invalid_json
from sandbox.discord.payloads import Json

_MAX_SNOWFLAKE_DIGITS = 20
_MAX_EXACT = 2**53


class Mistakes:
    """The errors found in one request, as the tree that Discord answers with."""

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: tuple[str, ...], code: str, message: str) -> None:
        """Keep one error under `path`."""
        node = self.tree
        for step in path:
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})


class Form:
    """One JSON object of a request. Getters return None for what is absent, null or, noted, wrong."""

    def __init__(self, data: Json, path: tuple[str, ...] = (), mistakes: Mistakes | None = None) -> None:
        self.data = data
        self.path = path
        self.mistakes = mistakes if mistakes is not None else Mistakes()

    @classmethod
    def of(cls, value: object) -> "Form":
        """Return the form of a request's body; raise 50109 if it is no object."""
        if not isinstance(value, dict):
            raise invalid_json()
        return cls(value)

    @classmethod
    def each_of(cls, value: object) -> "list[Form]":
        """Return the forms of a body that is a list of objects; raise 50109 if it is no list, else 50035."""
        if not isinstance(value, list):
            raise invalid_json()
        whole = cls({})
        found = [whole._inner(each, str(index)) for index, each in enumerate(value)]
        whole.check()
        return [form for form in found if form is not None]

    def has(self, key: str) -> bool:
        """Tell whether the field was sent, be it null."""
        return key in self.data

    def fail(self, key: str, code: str, message: str) -> None:
        """Keep an error of the field `key`; an empty key means this object itself."""
        self.mistakes.add((*self.path, key) if key else self.path, code, message)

    def check(self) -> None:
        """Raise 50035 with all errors found so far, if there are any."""
        if self.mistakes.tree:
            raise ApiError(400, 50035, "Invalid Form Body", self.mistakes.tree)

    def text(
        self, key: str, *, at_most: int | None = None, at_least: int = 0, required: bool = False
    ) -> str | None:
        """Return a string of `at_least` to `at_most` characters."""
        value = self._value(key, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail(key, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        if at_most is not None and not at_least <= len(value) <= at_most:
            self._fail_length(key, at_least, at_most)
            return None
        return value

    def integer(
        self,
        key: str,
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        choices: Collection[int] | None = None,
        required: bool = False,
    ) -> int | None:
        """Return a whole number within its bounds, or one of `choices`."""
        value = self._value(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(key, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif choices is not None and value not in choices:
            allowed = ", ".join(map(str, sorted(choices)))
            self.fail(key, "BASE_TYPE_CHOICES", f"Value must be one of {{{allowed}}}.")
        elif at_least is not None and value < at_least:
            self.fail(key, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {at_least}.")
        elif at_most is not None and value > at_most:
            self.fail(key, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {at_most}.")
        else:
            return value
        return None

    def number(self, key: str, *, required: bool = False) -> float | None:
        """Return a number, whole or not, that JSON's readers hold exactly."""
        value = self._value(key, required=required)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_EXACT:
            return value
        self.fail(key, "NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')
        return None

    def boolean(self, key: str) -> bool | None:
        """Return true or false."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.fail(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return None

    def snowflake(self, key: str, *, required: bool = False) -> int | None:
        """Return an identifier, which may come as a string or as a number."""
        value = self._value(key, required=required)
        if value is None:
            return None
        found = snowflake_of(value)
        if found is None:
            self.fail(key, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        return found

    def form(self, key: str, *, required: bool = False) -> "Form | None":
        """Return an object within this one."""
        value = self._value(key, required=required)
        return None if value is None else self._inner(value, key)

    def forms(self, key: str, *, at_least: int = 0, at_most: int | None = None) -> "list[Form]":
        """Return a list of objects; absent and null are an empty one."""
        values = self.values(key, at_least=at_least, at_most=at_most)
        found = [self._inner(value, key, str(index)) for index, value in enumerate(values)]
        return [form for form in found if form is not None]

    def values(self, key: str, *, at_least: int = 0, at_most: int | None = None) -> list[Any]:
        """Return a list of anything; absent and null are an empty one."""
        value = self._value(key, required=at_least > 0)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
            return []
        if at_most is not None and not at_least <= len(value) <= at_most:
            self._fail_length(key, at_least, at_most)
            return []
        return value

    def _value(self, key: str, *, required: bool) -> object:
        value = self.data.get(key)
        if value is None and required:
            self.fail(key, "BASE_TYPE_REQUIRED", "This field is required")
        return value

    def _inner(self, value: object, *steps: str) -> "Form | None":
        path = (*self.path, *steps)
        if isinstance(value, dict):
            return Form(value, path, self.mistakes)
        self.mistakes.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return None

    def _fail_length(self, key: str, at_least: int, at_most: int) -> None:
        if at_least:
            self.fail(key, "BASE_TYPE_BAD_LENGTH", f"Must be between {at_least} and {at_most} in length.")
        else:
            self.fail(key, "BASE_TYPE_MAX_LENGTH", f"Must be {at_most} or fewer in length.")


def snowflake_of(value: object) -> int | None:
    """Return `value` as an identifier, or None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MAX_SNOWFLAKE_DIGITS:
        return int(value)
    return None
