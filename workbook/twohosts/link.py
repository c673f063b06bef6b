"""What the cable's ends have counted: bytes and frames of the interface, and of each TCP connection.

The kernel counts; this reads. Bytes of an interface hold the Ethernet header of every frame and leave out what only a
real wire has (preamble, checksum, gap: 24 bytes a frame).
"""

import json
import re

import msgspec

from workbook.twohosts.room import Room


class Counters(msgspec.Struct, frozen=True):
    """Of one end of the cable since it was made; ``later - earlier`` is what passed between."""

    sent: int  # bytes
    sent_frames: int
    received: int  # bytes
    received_frames: int

    def __sub__(self, earlier: "Counters") -> "Counters":
        return Counters(
            *(a - b for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(earlier), strict=True))
        )


class Connection(msgspec.Struct, frozen=True):
    """One TCP connection, as the kernel counts it (``ss -ti``)."""

    process: str  # at this end: "VLLM::Worker_TP", cut by the kernel to 15 characters
    peer: str  # address and port of the other end
    payload: int  # bytes that TCP was given and has sent, each once
    segments: int  # frames sent, acknowledgements included


def counters(room: Room, host: str) -> Counters:
    """Of the interface eth0 of a host."""
    stats = json.loads(room.run(f"ip -n {host} -s -j link show eth0"))[0]["stats64"]
    sent, received = stats["tx"], stats["rx"]
    return Counters(sent["bytes"], sent["packets"], received["bytes"], received["packets"])


def connections(room: Room, host: str) -> dict[str, Connection]:
    """Every open connection of a host, by both of its ends."""
    found = {}
    for line in room.run(f"ip netns exec {host} ss -tinpOH").splitlines():
        _, _, _, ours, peer, *_ = line.split()
        process = re.search(r'\(\("([^"]+)"', line)
        numbers = {name: int(value) for name, value in re.findall(r" (bytes_sent|bytes_retrans|segs_out):(\d+)", line)}
        payload = numbers.get("bytes_sent", 0) - numbers.get("bytes_retrans", 0)
        found[f"{ours} {peer}"] = Connection(process[1] if process else "", peer, payload, numbers.get("segs_out", 0))
    return found


def busiest(before: dict[str, Connection], after: dict[str, Connection], process: str) -> Connection:
    """The one over which a process (the beginning of its name) has sent most between two looks, and what it has sent."""
    found = Connection(process, "", 0, 0)
    for ends, now in after.items():
        if now.process.startswith(process):
            then = before.get(ends, Connection("", "", 0, 0))
            sent = Connection(now.process, now.peer, now.payload - then.payload, now.segments - then.segments)
            found = max(found, sent, key=lambda connection: connection.payload)
    return found
