"""Functions that run as if at once, in an order that a seed decides; a process may end anywhere."""

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

# One process may stand still while another does all of its work: so the rare orders come up, too.
SPEEDS = (1, 10, 100)
CHANGES_SPEED = 0.05
DIES = 0.02


class Death(BaseException):
    """The process ends here: nothing of it catches this."""


class Abandoned(BaseException):
    """Another task failed, so this one ends too."""


def closed() -> threading.Lock:
    """A gate that lets one through once it is released."""
    gate = threading.Lock()
    gate.acquire()
    return gate


class Interleaving:
    """Runs tasks one at a time and changes between them wherever one pauses.

    Parameters
    ----------
    random : Random
        Decides who goes on, and where a process ends.
    deaths : int
        How many processes may end before their time.
    """

    def __init__(self, random: Random, deaths: int = 0) -> None:
        self.random = random
        self._deaths = deaths
        self._ready: dict[threading.Lock, int] = {}
        """Who may go on, and how fast each one is just now."""
        self._running: threading.Lock | None = None
        self._ended = closed()
        self._failure: BaseException | None = None

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run all tasks to their ends; what one of them raises is raised here."""
        gates = [closed() for _ in tasks]
        self._ready = {gate: self._speed() for gate in gates}
        threads = [
            threading.Thread(target=self._live, args=(gate, task), daemon=True)
            for gate, task in zip(gates, tasks, strict=True)
        ]
        for thread in threads:
            thread.start()
        self._hand_over(self._chosen())
        self._ended.acquire()
        if self._failure is not None:
            raise self._failure

    def pause(self) -> None:
        """Let another task go on, perhaps; outside of `run` there is none."""
        mine = self._running
        if mine is None:
            return
        if self.random.random() < CHANGES_SPEED:
            self._ready[mine] = self._speed()
        chosen = self._chosen()
        if chosen is mine:
            return
        self._hand_over(chosen)
        mine.acquire()
        if self._failure is not None:
            raise Abandoned

    def visit[T](self, call: Callable[[], T]) -> T:
        """Make a call that others may come before and after, and that the process may die at."""
        self.pause()
        self._may_die()
        answer = call()
        self._may_die()
        return answer

    def _speed(self) -> int:
        return self.random.choice(SPEEDS)

    def _chosen(self) -> threading.Lock:
        (chosen,) = self.random.choices(list(self._ready), list(self._ready.values()))
        return chosen

    def _may_die(self) -> None:
        if self._deaths and self._running is not None and self.random.random() < DIES:
            self._deaths -= 1
            raise Death

    def _hand_over(self, gate: threading.Lock) -> None:
        self._running = gate
        gate.release()

    def _live(self, gate: threading.Lock, task: Callable[[], None]) -> None:
        gate.acquire()
        try:
            if self._failure is None:
                task()
        except Abandoned:
            return
        except BaseException as error:  # noqa: BLE001 (raised again by `run`)
            self._failure = error
            for other in self._ready:
                other.release()
        del self._ready[gate]
        if self._failure is None and self._ready:
            self._hand_over(self._chosen())
        else:
            self._running = None
            self._ended.release()


class Visited:
    """Anything whose every call is visited by an interleaving."""

    def __init__(self, thing: Any, interleaving: Interleaving) -> None:
        self._thing = thing
        self._interleaving = interleaving

    def __getattr__(self, name: str) -> Any:
        """An attribute; a method is visited."""
        found = getattr(self._thing, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._interleaving.visit(lambda: found(*args, **kwargs))
