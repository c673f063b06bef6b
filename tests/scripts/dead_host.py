"""Serves the tiny model over two hosts, ends the second host's worker, and asks: what a learner sees of a host that dies."""

import sys

from workbook import lesson, paths
from workbook.twohosts import rates
from workbook.twohosts.room import Room

sys.path.insert(0, str(paths.SCRIPTS))
import step2_two_hosts


def main() -> None:
    flags = lesson.parser(__doc__)
    flags.set_defaults(model="tiny", tp=2)
    rates.flags(flags)
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)
    with Room(run) as room:
        for command in step2_two_hosts.HOSTS.splitlines():
            room.run(command)
        with step2_two_hosts.serve(run, room, "tp", step2_two_hosts.TP_HOSTS) as servers:
            print(servers.complete("Hello", 4), flush=True)
            room.run("pkill -9 -f VLLM::Worker_TP1")
            print(servers.complete("Hello", 64), flush=True)


if __name__ == "__main__":
    lesson.main(main)
