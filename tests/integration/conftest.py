"""What several of these tests are given."""

from tests.commands import run, table

__all__ = ["run", "table"]
