"""A Wiro-compatible server on loopback, for the demo, the tests and anyone who writes a client.

`WiroServer` is the server, `WiroConfig` what it is made with, and a `Rule` with its behaviour is what goes
wrong on purpose.
"""

from sandbox.wiro.behaviours import CallbackScript, CallFault, SocketScript, TaskScript
from sandbox.wiro.config import WiroConfig
from sandbox.wiro.journal import Exchange, Seen
from sandbox.wiro.script import Rule, Script
from sandbox.wiro.server import WiroServer
from sandbox.wiro.tasks import Task

__all__ = [
    "CallFault",
    "CallbackScript",
    "Exchange",
    "Rule",
    "Script",
    "Seen",
    "SocketScript",
    "Task",
    "TaskScript",
    "WiroConfig",
    "WiroServer",
]
