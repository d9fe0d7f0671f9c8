"""What happens when a person uses a component or submits a modal: what their client lets them do.

Source: Discord's reference, Component Reference and Modal Submit Interaction.
"""

from collections.abc import Mapping, Sequence

from sandbox.discord.components import LINK_STYLE, SELECTS, Kind, walk
from sandbox.discord.errors import Refusal
from sandbox.discord.interaction import Deed, Interaction, InteractionKind
from sandbox.discord.interactions import Interactions
from sandbox.discord.model import Message, User
from sandbox.discord.payloads import Json
from sandbox.discord.resolving import Resolver
from sandbox.discord.world import World

_MAX_TEXT = 4000


class Using:
    """Turns clicks, picks and filled-in modals into interactions."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    def click(
        self,
        user: User,
        message: Message,
        *,
        custom_id: str | None = None,
        label: str | None = None,
        values: Sequence[str] = (),
        raw: bool = False,
    ) -> Interaction:
        """Use the component with this custom_id or label; `raw` sends any custom_id, there or not."""
        channel = self._world.channels[message.channel_id]
        component = _usable(message, custom_id, label)
        if component is None:
            if not raw or custom_id is None:
                raise Refusal(f"There is no component {custom_id or label!r} on this message.")
            component = {"type": int(Kind.BUTTON), "custom_id": custom_id}
        elif component.get("disabled") and not raw:
            raise Refusal("This component is disabled.")
        data: Json = {"custom_id": component["custom_id"], "component_type": component["type"]}
        if "id" in component:
            data["id"] = component["id"]
        if component["type"] in SELECTS:
            resolver = Resolver(self._world, channel)
            data["values"] = _pick(component, values, resolver, raw=raw)
            data |= {"resolved": resolver.resolved} if component["type"] != Kind.STRING_SELECT else {}
        name = str(component["custom_id"])
        return self._interactions.send(InteractionKind.COMPONENT, user, channel, Deed(data, name, message))

    def submit(
        self, user: User, shown: Interaction, values: Mapping[str, object], *, raw: bool = False
    ) -> Interaction:
        """Fill in and submit the modal that an interaction showed; what is not given stays as it was.

        It stays open until it is submitted and the bot has answered; then it cannot be submitted again.
        """
        modal = shown.modal
        is_open = shown.submitted is None or shown.submitted.state == "failed"
        if modal is None or not is_open or shown.user is not user:
            raise Refusal("No modal is open for this person.")
        known = {each["custom_id"] for each in walk(modal["components"]) if "custom_id" in each}
        if unknown := set(values) - known:
            raise Refusal(f"The modal has no input {min(unknown)!r}.")
        resolver = Resolver(self._world, shown.channel)
        filled = [_fill(component, values, resolver, raw=raw) for component in modal["components"]]
        data: Json = {"custom_id": modal["custom_id"], "components": filled}
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        deed = Deed(data, str(modal["custom_id"]), shown.source, shown)
        kind = InteractionKind.MODAL_SUBMIT
        shown.submitted = self._interactions.send(kind, user, shown.channel, deed)
        return shown.submitted


def _usable(message: Message, custom_id: str | None, label: str | None) -> Json | None:
    for component in walk(message.body.components):
        if component["type"] != Kind.BUTTON and component["type"] not in SELECTS:
            continue
        if component.get("style") == LINK_STYLE or "custom_id" not in component:
            continue
        if component["custom_id"] == custom_id or (custom_id is None and component.get("label") == label):
            return component
    return None


def _pick(component: Json, values: Sequence[object], resolver: Resolver, *, raw: bool) -> list[str]:
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    may_be_empty = component.get("required") is False and not values
    if not (raw or may_be_empty or low <= len(values) <= high):
        raise Refusal(f"Between {low} and {high} values must be picked.")
    if component["type"] != Kind.STRING_SELECT:
        return resolver.select(component["type"], values)
    picked = [str(value) for value in values]
    if not raw and not {option["value"] for option in component["options"]}.issuperset(picked):
        raise Refusal("Only what is offered can be picked.")
    return picked


def _fill(component: Json, values: Mapping[str, object], resolver: Resolver, *, raw: bool) -> Json:
    kind = component["type"]
    filled: Json = {"type": kind, "id": component["id"]}
    if kind == Kind.ACTION_ROW:
        filled["components"] = [_fill(each, values, resolver, raw=raw) for each in component["components"]]
    elif kind == Kind.LABEL:
        filled["component"] = _fill(component["component"], values, resolver, raw=raw)
    elif kind == Kind.TEXT_INPUT:
        filled["custom_id"] = component["custom_id"]
        filled["value"] = _text(component, values, raw=raw)
    elif kind in SELECTS:
        picked = values.get(component["custom_id"], _chosen(component))
        filled["custom_id"] = component["custom_id"]
        filled["values"] = _pick(
            component, picked if isinstance(picked, list) else [picked], resolver, raw=raw
        )
    return filled


def _chosen(component: Json) -> list[str]:
    """Return what is picked in a menu to begin with."""
    defaults = [option["value"] for option in component.get("options", ()) if option.get("default")]
    return defaults + [str(default["id"]) for default in component.get("default_values", ())]


def _text(component: Json, values: Mapping[str, object], *, raw: bool) -> str:
    name = component["custom_id"]
    value = str(values.get(name, component.get("value", "")))
    if raw:
        return value
    low, high = component.get("min_length", 0), component.get("max_length", _MAX_TEXT)
    if not value and component.get("required", True):
        raise Refusal(f"The input {name!r} is required.")
    if value and not low <= len(value) <= high:
        raise Refusal(f"The input {name!r} takes {low} to {high} characters, not {len(value)}.")
    return value
