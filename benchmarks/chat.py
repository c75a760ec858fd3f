"""How long from a message's COMMIT until it is on the other side's screen, and is any lost, doubled or out of order?

Two web processes as `make up` starts them, durable PostgreSQL and Valkey, and a load generator in a process of its own
on the same machine. Conversations of one store, each between a buyer's socket and one of the desks' sockets (each desk
has several open). Messages in a Poisson stream, half the buyers', half the desks'. In each round, in turns:
  product     commit to screen by PostgreSQL's commit timestamp, which is taken before the write-ahead log is flushed:
              the flush is in the figure. Also from send to screen, and from send to `sent`
  channels    a bare Channels consumer, the same server and Valkey, group_send to the other's socket, no database
  websockets  the library `websockets` alone in one process, rooms in a dictionary
The peers get the same stream on as many sockets and are measured from send to screen. `ratios` compare both with that.
Then: idle buyers' sockets and what each holds of the web processes' memory (USS); and a burst of many visitors'
messages in one store, as fast as it takes them, beside a store that chats on quietly.

python -m benchmarks.chat [--rounds 3] [--conversations 250] [--desks 25] [--rate 200] [--seconds 30] [--idle 2000]
                          [--burst 5000] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.deployment import DATA
from benchmarks.of_chat.measuring import Bench, bench
from benchmarks.of_chat.report import report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=250)
    parser.add_argument("--desks", type=int, default=25, help="agents' sockets; each watches its share")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second in all")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each turn")
    parser.add_argument("--idle", type=int, default=2000, help="sockets; 0: not measured")
    parser.add_argument("--burst", type=int, default=5000, help="messages; 0: not measured")
    parser.add_argument("--quick", action="store_true", help="one short round of everything, to see that it works")
    asked = parser.parse_args()
    if asked.quick:
        vars(asked).update(rounds=1, conversations=40, desks=4, rate=40.0, seconds=4.0, idle=200, burst=400)
    with bench(DATA, desks=asked.desks) as there:
        print(json.dumps(report(measure(there, asked, DATA), asked)))


def measure(there: Bench, asked: argparse.Namespace, data: Path) -> dict[str, Any]:
    """What every part found, as the load process told it."""
    stream = {"conversations": asked.conversations, "rate": asked.rate, "seconds": asked.seconds}
    found: dict[str, Any] = {"product": [], "channels": [], "websockets": [], "cores": os.cpu_count()}
    for turn in range(asked.rounds):
        for kind in ("product", "channels", "websockets"):
            print(f"{turn + 1}/{asked.rounds} {kind}", flush=True)
            found[kind].append(there.measure(kind, seed=turn, **stream))
    if asked.idle:
        print("idle sockets", flush=True)
        found["idle"] = there.idle(asked.idle)
    if asked.burst:
        print("burst", flush=True)
        found["burst"] = there.burst(asked.burst, seconds=asked.seconds)
    return found


if __name__ == "__main__":
    main()
