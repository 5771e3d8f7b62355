"""The command policy-monitor: its subcommands, and how it says what went wrong."""

import os
import sys

import typer

from policy_monitor.errors import PolicyMonitorError
from policy_monitor_cli.demo import demo
from policy_monitor_cli.diff import diff
from policy_monitor_cli.doctor import EXAMPLES as DOCTOR_EXAMPLES
from policy_monitor_cli.doctor import doctor
from policy_monitor_cli.history import EXAMPLES as HISTORY_EXAMPLES
from policy_monitor_cli.history import history
from policy_monitor_cli.notices import ACK_EXAMPLES, OPEN_EXAMPLES, ack, open_
from policy_monitor_cli.replay import EXAMPLES as REPLAY_EXAMPLES
from policy_monitor_cli.replay import replay
from policy_monitor_cli.report import EXAMPLES as REPORT_EXAMPLES
from policy_monitor_cli.report import report
from policy_monitor_cli.show import show

BAD_INPUT = 2
"""Exit status of a command that could not make use of what it was given."""

app = typer.Typer(
    name="policy-monitor",
    help="What a third party's IAM role may do in your AWS account, and what changed.",
    epilog="Begin with `policy-monitor demo`: a year of one vendor's role, in half a minute.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(short_help="How two policies differ, with a request as proof.")(diff)
app.command(short_help="What a policy or role allows.")(show)
app.command(short_help="What recorded events did to access.", epilog=REPLAY_EXAMPLES)(replay)
app.command(short_help="Every finding ever recorded.", epilog=HISTORY_EXAMPLES)(history)
app.command("open", short_help="What the vendor gained without a notice.", epilog=OPEN_EXAMPLES)(
    open_
)
app.command(short_help="Note where the vendor told of it.", epilog=ACK_EXAMPLES)(ack)
app.command(short_help="All of it as one page.", epilog=REPORT_EXAMPLES)(report)
app.command(short_help="Whether a stack works, or an account is ready.", epilog=DOCTOR_EXAMPLES)(
    doctor
)
app.command(short_help="A year of one vendor's role, in half a minute.")(demo)


def main() -> None:
    """Run the command; what goes wrong is one line on standard error, never a traceback."""
    try:
        app()
    except PolicyMonitorError as error:
        print(f"policy-monitor: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 (a command speaks)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; Python would complain once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
