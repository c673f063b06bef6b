"""What one engine step puts on the wire between two hosts, and how long a slow wire takes for it.

vLLM asks for collectives (:mod:`workbook.wire` counts them); on CPU gloo carries them out over TCP. Each of gloo's messages of data
is announced twice before it goes, once by each side, and everything that gloo sends begins with 48 bytes of its own.
Sources: gloo/allreduce.cc, gloo/allgather.cc and gloo/transport/tcp/pair.h of pytorch/gloo; the figures of a run agree to the byte.
"""

from dataclasses import dataclass

from workbook.wire import Collectives

PREAMBLE = 48  # gloo::transport::tcp::Op: six numbers of eight bytes
HEADERS = 14 + 20 + 32  # Ethernet, IPv4, TCP with time stamps; bytes of every frame
SEGMENT = 1500 - 20 - 32  # bytes of payload that a frame has room for, at the usual MTU of 1,500


@dataclass(frozen=True)
class Traffic:
    """Bytes that one rank sends to the other in a step, and their frames."""

    payload: int  # of the tensors
    preambles: int  # gloo's own
    frames: int  # with payload in them
    acknowledgements: int  # frames without: for every second one of a large message

    @property
    def gloo(self) -> int:
        """What gloo gives to TCP."""
        return self.payload + self.preambles

    @property
    def bytes(self) -> int:
        """What the interface counts."""
        return self.gloo + HEADERS * (self.frames + self.acknowledgements)


def traffic(asked: Collectives) -> Traffic:
    """Of gloo's ring between two hosts with one rank each.

    An all-reduce is cut into four parts, of which a rank sends two to add up and two that are added up; an all-gather sends its
    tensor in two halves. A part longer than 1 MiB would be cut further; no decode step has one.
    """
    if asked.ranks == 1:
        return Traffic(0, 0, 0, 0)
    assert asked.ranks == 2, "between two hosts with one rank each"
    messages = [asked.all_reduce // 4] * 4 * asked.all_reduces + [asked.all_gather // 2] * 2 * asked.all_gathers
    frames = [-(-(size + PREAMBLE) // SEGMENT) for size in messages]
    announcements = 2 * len(messages)
    return Traffic(
        payload=sum(messages),
        preambles=PREAMBLE * (len(messages) + announcements),
        frames=sum(frames) + announcements,
        acknowledgements=sum(count // 2 for count in frames),
    )


def seconds(step_s: float, bytes_sent: float, bits_per_s: float) -> float:
    """A step over a slow link: all the rest as it was over a fast one, and the bytes one after the other.

    Nothing is computed while a collective is under way. Both directions carry the same at the same time, so one counts.
    """
    return step_s + 8 * bytes_sent / bits_per_s
