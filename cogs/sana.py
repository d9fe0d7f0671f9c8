"""`/sana`: a prompt becomes a picture."""

from discord import app_commands
from discord.ext import commands

from bot.jobs.service import JobService
from bot.parameters import DESCRIPTIONS, SIZES, limits, parse
from cogs.guard import Interaction
from cogs.run import draw_seed, run_request

_SIZES = [app_commands.Choice(name=size.label, value=size.name) for size in SIZES]


class SanaCog(commands.Cog):
    """The command.

    Args:
        service: takes the jobs on.
    """

    def __init__(self, service: JobService) -> None:
        self._service = service

    @app_commands.command(description="Make a picture from words")
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.describe(**DESCRIPTIONS)
    @app_commands.choices(size=_SIZES)
    async def sana(  # noqa: PLR0913 - one argument for each option, as discord.py reads them
        self,
        interaction: Interaction,
        *,
        prompt: app_commands.Range[str, limits("prompt").minimum, limits("prompt").maximum],
        negative_prompt: app_commands.Range[
            str, limits("negative_prompt").minimum, limits("negative_prompt").maximum
        ]
        | None = None,
        size: str | None = None,
        width: app_commands.Range[int, limits("width").minimum, limits("width").maximum] | None = None,
        height: app_commands.Range[int, limits("height").minimum, limits("height").maximum] | None = None,
        steps: app_commands.Range[int, limits("steps").minimum, limits("steps").maximum] | None = None,
        scale: app_commands.Range[float, limits("scale").minimum, limits("scale").maximum] | None = None,
        samples: app_commands.Range[int, limits("samples").minimum, limits("samples").maximum] | None = None,
        seed: app_commands.Range[int, limits("seed").minimum, limits("seed").maximum] | None = None,
        spoiler: bool | None = None,
    ) -> None:
        """Check the options again, as Discord's clients cannot check them all, and take the job on."""
        options = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "size": size,
            "width": width,
            "height": height,
            "steps": steps,
            "scale": scale,
            "samples": samples,
            "seed": seed,
            "spoiler": spoiler,
        }
        await run_request(interaction, self._service, parse(options, draw_seed=draw_seed))
