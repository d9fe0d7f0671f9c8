"""What happens when a person types a command: their client's checks, and the interaction that it sends.

Source: Discord's reference, Application Commands: options, choices, ranges, contexts and default permissions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.discord import wire
from sandbox.discord.commands import CHAT_INPUT, SUBCOMMAND, SUBCOMMAND_GROUP, USER, Commands
from sandbox.discord.errors import Refusal
from sandbox.discord.interaction import Deed, Interaction, InteractionKind
from sandbox.discord.interactions import Interactions
from sandbox.discord.messages import visible
from sandbox.discord.model import Channel
from sandbox.discord.model import User as Account
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import Permission, in_guild
from sandbox.discord.resolving import Resolver
from sandbox.discord.world import World

_STRING, _INTEGER, _BOOLEAN, _NUMBER, _ATTACHMENT = 3, 4, 5, 10, 11
_MENTIONS = (6, 7, 8, 9)
_MAX_STRING = 6000
_SAFE_INTEGER = 2**53
_MAX_LISTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a person typed or picked; subcommands stand after spaces, `raw` skips the client's checks."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)
    kind: int = CHAT_INPUT
    target_id: int | None = None
    focused: str | None = None
    raw: bool = False


class TypingIn:
    """Turns what people type into interactions; raises Refusal for what their client would not send."""

    def __init__(self, world: World, commands: Commands, interactions: Interactions) -> None:
        self._world = world
        self._commands = commands
        self._interactions = interactions

    def send(self, user: Account, channel: Channel, typed: Typed) -> Interaction:
        """Send the interaction of a command, or of its autocompletion where an option is `focused`."""
        command, path, options = self._find(channel, typed)
        if not typed.raw:
            check_allowed(self._world, user, channel, command)
        resolver = Resolver(self._world, channel)
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        if command["type"] == CHAT_INPUT:
            data["options"] = _nest(path, _values(options, typed, resolver))
        else:
            self._resolve_target(user, channel, command, typed, resolver)
            data["target_id"] = str(typed.target_id)
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        kind = InteractionKind.COMMAND if typed.focused is None else InteractionKind.AUTOCOMPLETE
        return self._interactions.send(kind, user, channel, Deed(data, typed.name))

    def _find(self, channel: Channel, typed: Typed) -> tuple[Json, list[Json], list[Json]]:
        """Return the command, the subcommands on the way, and the options of the last of them."""
        seen = self._commands.seen_in(channel.guild_id)
        names = typed.name.split() if typed.kind == CHAT_INPUT else [typed.name]
        command = next(
            (each for each in seen if each["type"] == typed.kind and [each["name"]] == names[:1]), None
        )
        if command is None:
            raise Refusal(f"There is no command {typed.name!r} here.")
        path: list[Json] = []
        options: list[Json] = command["options"]
        for name in names[1:]:
            inner = next((each for each in options if each["name"] == name and _is_group(each)), None)
            if inner is None:
                raise Refusal(f"The command {command['name']!r} has no {name!r}.")
            path.append(inner)
            options = inner["options"]
        if any(_is_group(option) for option in options):
            raise Refusal(f"The command {typed.name!r} needs a subcommand.")
        return command, path, options

    def _resolve_target(
        self, user: Account, channel: Channel, command: Json, typed: Typed, resolver: Resolver
    ) -> None:
        if typed.target_id is None:
            raise Refusal("A context menu needs something to be opened on.")
        if command["type"] == USER:
            resolver.user(typed.target_id)
        else:
            message = visible(channel, typed.target_id, user.id)
            resolver.resolved["messages"] = {str(message.id): wire.message(message, self._world)}


def check_allowed(world: World, user: Account, channel: Channel, command: Json) -> None:
    """Raise Refusal where someone's client does not offer them a command in a channel."""
    permissions = world.permissions(user, channel)
    if not permissions & Permission.VIEW_CHANNEL:
        raise Refusal("This person does not see the channel.")
    guild = world.guilds.get(channel.guild_id or 0)
    if guild is None:
        return
    if not permissions & Permission.USE_APPLICATION_COMMANDS:
        raise Refusal("This person may not use commands here.")
    needed = command["default_member_permissions"]
    held = in_guild(guild, guild.members[user.id]) | permissions
    # Zero means that only administrators see the command.
    allowed = needed is None or (int(needed) and held & int(needed) == int(needed))
    if not allowed and not held & Permission.ADMINISTRATOR:
        raise Refusal(f"This person may not use the command {command['name']!r}.")


def _is_group(option: Json) -> bool:
    return option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP)


def _nest(path: list[Json], values: list[Json]) -> list[Json]:
    for step in reversed(path):
        values = [{"type": step["type"], "name": step["name"], "options": values}]
    return values


def _values(options: list[Json], typed: Typed, resolver: Resolver) -> list[Json]:
    known = {option["name"]: option for option in options}
    found = []
    for name, value in typed.options.items():
        option = known.get(name)
        if option is None and not typed.raw:
            raise Refusal(f"The command {typed.name!r} has no option {name!r}.")
        kind = option["type"] if option else _kind_of(value)
        sent: Json = {"name": name, "type": kind, "value": value}
        if name == typed.focused:
            # What is still being typed goes over the wire as it stands.
            sent["focused"] = True
        elif kind in _MENTIONS:
            sent["value"] = resolver.mention(kind, value)
        elif option is not None and not typed.raw:
            _check_value(option, value)
        found.append(sent)
    missing = [name for name, option in known.items() if option["required"] and name not in typed.options]
    if missing and not typed.raw and typed.focused is None:
        raise Refusal(f"The option {missing[0]!r} is required.")
    return found


def _check_value(option: Json, value: object) -> None:
    name, kind = option["name"], option["type"]
    if kind == _ATTACHMENT:
        raise Refusal("Options that take a file cannot be typed in the sandbox.")
    if "choices" in option:
        _check_choice(name, [choice["value"] for choice in option["choices"]], value)
    if kind == _BOOLEAN:
        fits = isinstance(value, bool)
    elif kind == _STRING:
        fits = isinstance(value, str)
    elif kind == _INTEGER:
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits:
        raise Refusal(f"The option {name!r} does not take {value!r}.")
    if isinstance(value, str):
        low, high = option.get("min_length", 0), option.get("max_length", _MAX_STRING)
        measure: float = len(value)
    elif isinstance(value, int | float) and kind in (_INTEGER, _NUMBER):
        low, high = option.get("min_value", -_SAFE_INTEGER), option.get("max_value", _SAFE_INTEGER)
        measure = value
    else:
        return
    if not low <= measure <= high:
        raise Refusal(f"The option {name!r} takes {low} to {high}, not {measure}.")


def _check_choice(name: str, choices: list[object], value: object) -> None:
    if value in choices:
        return
    # Discord allows 25 choices, each of them up to 100 characters long.
    listed = ", ".join(map(repr, choices))
    if len(listed) > _MAX_LISTED:
        listed = listed[:_MAX_LISTED] + "…"
    raise Refusal(f"{value!r} is no choice of the option {name!r}. Its choices: {listed}")


def _kind_of(value: object) -> int:
    match value:
        case bool():
            return _BOOLEAN
        case int():
            return _INTEGER
        case float():
            return _NUMBER
        case _:
            return _STRING
