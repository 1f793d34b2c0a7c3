"""`python3 -m demo`: boot the pretend server, and run until something ends it."""

from __future__ import annotations

from demo.signals import hold_signals

if __name__ == "__main__":
    hold_signals()  # before all that takes time: whoever ends a container may do so as soon as it has started

import math
import os
import random
import sys
from threading import Thread

from demo.banlist import BanList
from demo.calls import CallRecord
from demo.console import Console
from demo.control import Control
from demo.ending import crash_process, heed_signals
from demo.environment import Environment, VariableError, read_environment
from demo.faults import FaultError, Faults
from demo.game import VERSION, Game
from demo.life import Life
from demo.rest import RestApi
from demo.savefile import SaveFileError
from demo.savefolder import world_folder
from demo.saving import Saver
from demo.settings import load_settings, override_options
from demo.wire import Door
from demo.world import World, load_world

_FIRST_WORDS = (
    "Shutdown handler: initalize.",
    "Increasing per-process limit of core file size to infinity.",
    "[S_API] SteamAPI_Init(): Loaded local 'steamclient.so' OK.",
    "CAppInfoCacheReadFromDiskThread took 6 milliseconds to initialize",
    "Setting breakpad minidump AppID = 2394010",
    "[S_API FAIL] Tried to access Steam interface SteamUser021 before SteamAPI_Init succeeded.",
    f"Game version is {VERSION}",
)
_BAD_USAGE = 2
_SEGMENTATION_FAULT = 139


def main() -> int:
    """Return an exit code only when the start fails; a server that runs ends in its own ways."""
    console = Console(sys.stdout.buffer, sys.stderr.buffer)
    try:
        environment = read_environment(os.environ, sys.argv[1:])
        faults = Faults(environment.faults)
    except (VariableError, FaultError) as error:
        console.say(str(error), "stderr")
        return _BAD_USAGE
    dice = random.Random(environment.seed)
    for line in _FIRST_WORDS:
        console.say(line)
    game = build_game(environment, load_or_crash(environment, console, dice), faults, console)
    calls = CallRecord()
    rest = RestApi(game, calls, environment.idle_seconds)
    if environment.control_port:
        Door(environment.control_port, Control(game, rest, calls).respond, environment.idle_seconds).open()
    heed_signals(faults, environment.boot_seconds)
    if game.settings.is_on("RESTAPIEnabled"):
        rest.start()
        console.say(f"REST API started on port {rest.port}")
    console.say(f"Running Palworld dedicated server on :{environment.game_port}")
    start_clockwork(environment, game, dice)
    heed_signals(faults, math.inf)
    return 0


def load_or_crash(environment: Environment, console: Console, dice: random.Random) -> World:
    """The world to play in; a broken one ends the process the way a crash of the game does."""
    try:
        return load_world(world_folder(environment.saved_path, dice))
    except SaveFileError as error:
        console.say(f"LowLevelFatalError: the world could not be read: {error}")
        crash_process(console, _SEGMENTATION_FAULT)


def build_game(environment: Environment, world: World, faults: Faults, console: Console) -> Game:
    """Put the game together; a new world's files are written at once."""
    settings = load_settings(environment.saved_path, environment.options, environment.is_generating_settings)
    settings = settings.with_options(environment.forced_options)
    settings = override_options(settings, world.option_path)
    saver = Saver(world, faults, console, environment.world_bytes)
    bans = BanList(environment.saved_path / "SaveGames" / "banlist.txt")
    game = Game(settings, world, saver, bans, faults, console)
    if world.save_number == 0:
        game.save()
    return game


def start_clockwork(environment: Environment, game: Game, dice: random.Random) -> None:
    """Start what happens without being asked for: the saves, and the players' lives."""
    rolling = game.settings.is_on("bIsUseBackupSaveData")
    span_seconds = max(game.settings.number("AutoSaveSpan"), 1)
    Thread(target=game.saver.autosave_forever, args=(span_seconds, rolling), daemon=True).start()
    if environment.is_lively:
        Thread(target=Life(game, dice).run_forever, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
