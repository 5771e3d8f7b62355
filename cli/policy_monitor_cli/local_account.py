"""An emulated account that stays until it is stopped: what `sam local invoke` talks to.

It holds the stack of template.yaml, IAM as it stood before the story of events/, and the ledger's
baseline of it. `make local-aws` runs it; events/env.json tells the functions where it is.
"""

import argparse
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from policy_monitor.adapters.dynamodb import DynamoDBLedger
from policy_monitor.errors import PolicyMonitorError
from policy_monitor.settings import Settings
from policy_monitor_cli.demo import story
from policy_monitor_cli.emulated_iam import EmulatedIam
from policy_monitor_cli.handlers import template_parameters
from policy_monitor_cli.local_aws import LOOPBACK, LocalAws, local_aws
from policy_monitor_cli.local_stack import LocalStack, template_path
from policy_monitor_cli.material import MASK_KEY, collected
from policy_monitor_cli.offline import genesis
from policy_monitor_cli.slack_receiver import SlackReceiver
from policy_monitor_cli.sources import source_files

PORT = 4599
"""Where events/env.json says that the emulated AWS is."""

_READY = """\
An emulated AWS listens on {endpoint}, with the stack of template.yaml and the account of events/.
In another terminal, where a container runtime runs:

  sam build
  sam local invoke DetectFunction -e events/03-load-balancers-added.json --env-vars events/env.json

Stop it with Ctrl-C; nothing of it remains."""


@contextmanager
def local_account(address: str = LOOPBACK, port: int = 0) -> Iterator[tuple[LocalAws, LocalStack]]:
    """The account of events/ with the stack in it, for the length of a ``with`` block.

    Raises
    ------
    InputError
        The port is taken, moto is missing, or this was installed without the project.
    """
    settings = Settings()
    material = collected(source_files([story() / "baseline.json"]), None, settings, every=True)
    with local_aws(material.account, address, port) as aws, SlackReceiver() as slack:
        parameters = template_parameters(settings)
        stack = LocalStack(aws, template_path(), parameters, slack.url, MASK_KEY.decode())
        if material.baseline is not None:
            EmulatedIam(aws.client("iam"), aws.account).install(material.baseline.details)
        ledger = DynamoDBLedger(aws.client("dynamodb"), stack.table, aws.account)
        ledger.put_genesis(*genesis(material, settings, MASK_KEY))
        yield aws, stack


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until it is interrupted; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--address", default=LOOPBACK, help="where to listen (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="on which port (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        with local_account(given.address, given.port) as (aws, _):
            print(_READY.format(endpoint=aws.endpoint), flush=True)  # noqa: T201 (a program's word)
            threading.Event().wait()
    except PolicyMonitorError as error:
        print(f"local-aws: {error}", file=sys.stderr)  # noqa: T201 (a program's word)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
