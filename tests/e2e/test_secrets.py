"""What nobody may read in a log, an error or a message, whatever goes wrong."""

from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.stage import Stage


async def test_no_secret_is_in_any_line_of_the_log(bare_stage: Stage) -> None:
    """Not even in those for debugging, nor where Wiro itself repeats what it was sent."""
    wiro = bare_stage.wiro
    key, secret = wiro.config.api_key, str(wiro.config.api_secret)
    telltale = CallFault(error=f"No project has the key {key} and the secret {secret}.", http_status=401)
    wiro.script.add(Rule(call="Run", do=CallFault(answer="lost_answer")))
    wiro.script.add(Rule(call="Task/List", do=telltale))
    wiro.script.add(Rule(call="Task/Detail", do=telltale))
    wiro.script.add(Rule(call="task", do=TaskScript(outputs="missing")))
    bot = bare_stage.bot_process(log_level="DEBUG")
    await bot.start()
    try:
        await bot.wait_until_ready()
        await bare_stage.members.wait_until_ready()
        messages = [await bare_stage.sana()]
        await wiro.wait_for_requests("Run", 1)
        messages.append(await bare_stage.sana())
        texts = [(await bare_stage.end_of(message)).text for message in messages]
        await bare_stage.closed(2)
        assert await bot.stop() == 0
    finally:
        await bot.end()
    calls = await bare_stage.members.requests()
    secrets = {
        key,
        secret,
        bare_stage.discord.config.token,
        *(task.token for task in wiro.tasks),
        *((task.inputs.callback_url or "").rpartition("/")[2] for task in wiro.tasks),
        *(call["path"].split("/")[5] for call in calls if "/webhooks/" in call["path"]),
    }
    assert len(secrets) >= 3 + 2 * len(messages) + len(messages)
    shown = "\n".join([bot.log, *texts])
    assert not [name for name in secrets if name in shown]
    assert "job.delivered" in bot.log
