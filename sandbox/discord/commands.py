"""Application commands: registered, checked and found again.

Source: Discord's reference, Application Commands: limits, naming, and what a bulk overwrite keeps.
"""

from collections.abc import Iterable

from sandbox.discord.errors import ApiError, unknown_command
from sandbox.discord.forms import Form
from sandbox.discord.news import News
from sandbox.discord.payloads import Json
from sandbox.discord.snowflakes import Snowflakes

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
_MAX_OF_KIND = {CHAT_INPUT: 100, USER: 5, MESSAGE: 5}
_LAST_OPTION_KIND = 11
_MAX_OPTIONS = 25
_MAX_SIZE = 8000
_INTEGER, _NUMBER = 4, 10


class Commands:
    """The commands of the application: global ones (guild None) and those of single guilds."""

    def __init__(self, application_id: int, snowflakes: Snowflakes, news: News) -> None:
        self._application_id = application_id
        self._snowflakes = snowflakes
        self._news = news
        self._scopes: dict[int | None, dict[int, Json]] = {}

    def all_of(self, guild_id: int | None) -> list[Json]:
        """Return the commands of one scope."""
        return list(self._scopes.get(guild_id, {}).values())

    def any_registered(self) -> bool:
        """Tell whether any command is registered anywhere."""
        return any(self._scopes.values())

    def seen_in(self, guild_id: int | None) -> list[Json]:
        """Return what members of a guild see (its own first), or what is seen in direct messages."""
        context = 1 if guild_id is None else 0
        of_all = [each for each in self.all_of(None) if context in _contexts(each)]
        return of_all if guild_id is None else [*self.all_of(guild_id), *of_all]

    def get(self, guild_id: int | None, command_id: int) -> Json:
        """Return one command; raise 10063 if there is none."""
        command = self._scopes.get(guild_id, {}).get(command_id)
        if command is None:
            raise unknown_command()
        return command

    def delete(self, guild_id: int | None, command_id: int) -> None:
        """Take one command away; raise 10063 if there is none."""
        self.get(guild_id, command_id)
        del self._scopes[guild_id][command_id]

    def replace_all(self, guild_id: int | None, forms: list[Form]) -> list[Json]:
        """Put these commands in the place of all of a scope; those of an old name keep their identifier."""
        commands = [_read_command(form) for form in forms]
        for form in forms:
            form.check()
        _check_together(commands)
        kept = {_key(command): command["id"] for command in self.all_of(guild_id)}
        scope = {}
        for command in commands:
            stored = self._complete(command, guild_id, kept.get(_key(command)))
            scope[int(stored["id"])] = stored
        self._scopes[guild_id] = scope
        self._news.tell("ready")
        return list(scope.values())

    def save(self, guild_id: int | None, form: Form, command_id: int | None = None) -> tuple[Json, bool]:
        """Register one command, or change one or the one of that name; return it and whether it is new."""
        if command_id is not None:
            form = Form({**self.get(guild_id, command_id), **form.data})
        command = _read_command(form)
        form.check()
        others = [each for each in self.all_of(guild_id) if each["id"] != str(command_id)]
        same = next((each for each in others if _key(each) == _key(command)), None)
        known = str(command_id) if command_id is not None else None
        known = str(same["id"]) if known is None and same is not None else known
        _check_together([*(each for each in others if each is not same), command])
        stored = self._complete(command, guild_id, known)
        self._scopes.setdefault(guild_id, {})[int(stored["id"])] = stored
        self._news.tell("ready")
        return stored, known is None

    def _complete(self, command: Json, guild_id: int | None, known_id: str | None) -> Json:
        stored: Json = {
            "id": known_id or str(self._snowflakes.next()),
            "application_id": str(self._application_id),
            "version": str(self._snowflakes.next()),
            **command,
        }
        if guild_id is not None:
            stored["guild_id"] = str(guild_id)
        return stored


def _contexts(command: Json) -> Iterable[int]:
    contexts: Iterable[int] | None = command["contexts"]
    return (0, 1, 2) if contexts is None else contexts


def _key(command: Json) -> tuple[int, str]:
    return command["type"], command["name"]


def _check_together(commands: list[Json]) -> None:
    keys = [_key(command) for command in commands]
    if len(set(keys)) != len(keys):
        raise ApiError(
            400,
            50035,
            "Invalid Form Body",
            {
                "_errors": [
                    {
                        "code": "APPLICATION_COMMANDS_DUPLICATE_NAME",
                        "message": "Application command names must be unique",
                    }
                ]
            },
        )
    for kind, most in _MAX_OF_KIND.items():
        if sum(key[0] == kind for key in keys) > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")


def _read_command(form: Form) -> Json:
    kind = form.integer("type", choices=_MAX_OF_KIND) or CHAT_INPUT
    is_slash = kind == CHAT_INPUT
    needed = form.data.get("default_member_permissions")
    command: Json = {
        "type": kind,
        "name": _slash_name(form) if is_slash else form.text("name", at_least=1, at_most=32, required=True),
        "description": form.text("description", at_least=1, at_most=100, required=True) if is_slash else "",
        "options": _read_options(form) if is_slash else [],
        "default_member_permissions": None if needed is None else str(needed),
        "dm_permission": form.data.get("dm_permission", True),
        "contexts": form.values("contexts", at_most=3) if form.data.get("contexts") is not None else None,
        "integration_types": form.values("integration_types", at_most=2) or [0],
        "nsfw": form.boolean("nsfw") or False,
    }
    if _size(command) > _MAX_SIZE:
        form.fail("", "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MAX_SIZE})")
    return command


def _size(part: Json) -> int:
    """Return how many characters the names, descriptions and values of a command have together."""
    own = sum(len(str(part.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(_size(inner) for key in ("options", "choices") for inner in part.get(key, ()))


def _read_options(form: Form) -> list[Json]:
    forms = form.forms("options", at_most=_MAX_OPTIONS)
    options = [_read_option(each) for each in forms]
    names = [option["name"] for option in options]
    if len(set(names)) != len(names):
        form.fail("options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        form.fail(
            "options",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    return options


def _read_option(form: Form) -> Json:
    kind = form.integer("type", at_least=1, at_most=_LAST_OPTION_KIND, required=True)
    option: Json = {
        "type": kind,
        "name": _slash_name(form),
        "description": form.text("description", at_least=1, at_most=100, required=True),
    }
    if kind in (SUBCOMMAND, SUBCOMMAND_GROUP):
        return {**option, "options": _read_options(form)}
    option["required"] = form.boolean("required") or False
    optional: Json = {
        "autocomplete": form.boolean("autocomplete"),
        "min_length": form.integer("min_length", at_least=0, at_most=6000),
        "max_length": form.integer("max_length", at_least=1, at_most=6000),
        "min_value": form.number("min_value"),
        "max_value": form.number("max_value"),
        "choices": [_read_choice(each, kind) for each in form.forms("choices", at_most=_MAX_OPTIONS)] or None,
        "channel_types": form.values("channel_types", at_most=20) or None,
    }
    return option | {key: value for key, value in optional.items() if value is not None}


def _read_choice(form: Form, kind: int | None) -> Json:
    value: str | float | None
    if kind == _INTEGER:
        value = form.integer("value", required=True)
    elif kind == _NUMBER:
        value = form.number("value", required=True)
    else:
        value = form.text("value", at_most=100, required=True)
    return {"name": form.text("name", at_least=1, at_most=100, required=True), "value": value}


def _slash_name(form: Form) -> str | None:
    name = form.text("name", at_least=1, at_most=32, required=True)
    if name is not None and not (
        name == name.lower() and all(letter.isalnum() or letter in "-_'" for letter in name)
    ):
        form.fail("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name
