"""A cold start without the garbage collector: imports make many objects, and drop hardly any.

A function imports this module before all else, which holds the collector back, and says when all
is imported.
"""

import gc

gc.disable()


def imported() -> None:
    """Let the collector go on, and leave alone what the imports made."""
    gc.freeze()
    gc.enable()
