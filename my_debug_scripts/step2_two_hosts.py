"""Lesson 2.9 · Two hosts: tensor parallelism over a cable, and what the cable costs.

What you will see   one model over two hosts (two network namespaces on this machine): the same text as on one, every byte
                    of a step accounted for, seconds over slower and slower links beside their prediction, and DP instead.
How to run it       python my_debug_scripts/step2_two_hosts.py          --rates 50mbit,8mbit: links of your own          F5
What it hides       workbook/twohosts/: the room in which the namespaces live, and that all of it is gone at the end.

第 2.9 课 · 两台主机：隔着网线的张量并行，以及网线的代价。

会看到什么    同一个模型分在两台主机（本机上的两个网络命名空间）：文本与单机相同，一步的每个字节都有出处，
              链路越来越慢时的实测秒数与预测，以及换成 DP 会怎样。
怎样运行      python my_debug_scripts/step2_two_hosts.py          自选链路：--rates 50mbit,8mbit          在 VSCode 里按 F5
没有显示的    workbook/twohosts/：命名空间所在的“房间”，以及结束时如何全部清除。
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from workbook import closing, lesson, pairs
from workbook.twohosts import measure, rates, report
from workbook.twohosts.room import Room
from workbook.twohosts.servers import Servers, serve_arguments

# Two hosts and a cable. gso_max_segs 1: no frame is longer than a real wire's. reno: a TCP that does not pace itself.
HOSTS = """\
ip netns add host1
ip netns add host2
ip -n host1 link add eth0 type veth peer name eth0 netns host2
ip -n host1 addr add 10.77.0.1/24 dev eth0
ip -n host2 addr add 10.77.0.2/24 dev eth0
ip -n host1 link set eth0 up gso_max_segs 1
ip -n host2 link set eth0 up gso_max_segs 1
ip -n host1 link set lo up
ip -n host2 link set lo up
ip -n host1 route replace 10.77.0.0/24 dev eth0 congctl reno
ip -n host2 route replace 10.77.0.0/24 dev eth0 congctl reno"""
# One model over both: the same on each host but for the rank; only the first one has an API.
TP = "-tp 2 --nnodes 2 --master-addr 10.77.0.1 --master-port 29500"
TP_HOSTS = [f"{TP} --node-rank 0", f"{TP} --node-rank 1 --headless"]
# A whole model on each: the first host's API hands the requests out.
DP = "-dp 2 --data-parallel-size-local 1 --data-parallel-address 10.77.0.1 --data-parallel-rpc-port 13345"
DP_HOSTS = [f"{DP} --api-server-count 1", f"{DP} --headless --data-parallel-start-rank 1"]
PROMPTS = ["Hello", "Paris"]  # of one token each, so that every step computes one token for each request


def serve(run: lesson.Run, room: Room, name: str, hosts: list[str]) -> Servers:
    """``vllm serve`` on both hosts: each with its address, gloo's network card, and a core of its own."""
    commands = {}
    for number, arguments in enumerate(hosts, 1):
        core = run.machine.cpu.cores[(number - 1) % len(run.machine.cpu.cores)]
        env = f"VLLM_HOST_IP=10.77.0.{number} GLOO_SOCKET_IFNAME=eth0 VLLM_CPU_OMP_THREADS_BIND={core}"
        whole = f"vllm serve {run.model_name} {arguments} {serve_arguments(run.engine_args, run.flags.dtype)}"
        commands[f"host{number}"] = f"ip netns exec host{number} env {env} {whole}"
    return Servers(run.console, room, run.folder or Path(), name, run.model_name, commands)


def over(room: Room, rate: rates.Rate, ask: Callable[[], float]) -> float:
    """Ask over a slower link: the kernel's token bucket, at both ends, so that each direction has the rate to itself."""
    for host in ("host1", "host2"):
        room.show(f"tc -n {host} qdisc replace dev eth0 root tbf rate {rate.name} burst {rate.bucket} latency 400ms")
    took = ask()
    for host in ("host1", "host2"):
        room.run(f"tc -n {host} qdisc del dev eth0 root")
    return took


def main() -> None:
    # 1) What this machine needs. The tiny model, as SmolLM2's 9 heads cannot be shared by two; float32, in which two
    #    ways to add up give the same sum, so that one host and two must say the same.
    flags = lesson.parser(__doc__)
    flags.set_defaults(model="tiny", tp=2)
    rates.flags(flags)
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)
    links = rates.parse(run.flags.rates or ("5mbit" if run.fast else "1gbit,100mbit,20mbit,10mbit,5mbit"))
    tokens, results = 16 if run.fast else 32, run.info.results

    # 2) Two hosts. They come first, so that a system which does not allow them says so at once.
    with Room(run) as room:
        for command in HOSTS.splitlines():
            room.show(command)

        # 3) One host, to compare with: two ranks that share memory. The scheduler stays in this process, for the stops.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        with run.phase("import"):
            from vllm import LLM, SamplingParams
        with run.phase("engine"):
            llm = LLM(
                model=run.model, tensor_parallel_size=2, dtype=run.flags.dtype, max_model_len=512, **run.engine_args
            )
        greedy = SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True)
        with run.phase("generate"):
            outputs = [
                llm.generate(PROMPTS[:1], greedy)[0] for _ in range(4)
            ]  # the same text four times; the fastest counts
        results["one_host"] = measure.one_host(outputs)

        # 4) The same two ranks with a cable between them: the text, and every byte of a step.
        with run.phase("start TP"):
            tp = serve(run, room, "tp", TP_HOSTS)
        with tp:
            tp.complete(PROMPTS[0], tokens)  # as above
            counted = measure.count(room, tp, PROMPTS[0], tokens)
            results |= {"counted": counted, "same_text": counted["text"] == results["one_host"]["text"]}
            report.text(run.console, results)
            asked = measure.asked(run.architecture, run.flags.dtype)
            run.console.print(report.terms(asked, counted))

            # 5) Slower links, in turns with the same request without limit: predicted is that one, and the bytes.
            def ask() -> float:
                return tp.complete(PROMPTS[0], 16)[1]

            results["rates"] = []
            for rate in links:
                turns = pairs.measure({"free": ask, "slow": partial(over, room, rate, ask)}, rounds=3, warm=False)
                results["rates"].append(measure.at_rate(rate, 16, turns, measure.step_bytes(asked, counted)))
            if links:
                run.console.print(report.rates(results["rates"]))

            # 6) Two requests at a time, without limit and over the slowest link: for the other cut, below.
            cuts = {"TP=2": measure.together(room, tp, PROMPTS, links[-1:], over)}

        # 7) The other cut: a whole model on each host. Only the far host's requests and their tokens cross the cable.
        if not run.fast:
            with run.phase("start DP"):
                dp = serve(run, room, "dp", DP_HOSTS)
            with dp:
                dp.complete_together(PROMPTS, 16)  # as above
                cuts["DP=2"] = measure.together(room, dp, PROMPTS, links[-1:], over)
            results["cuts"] = cuts
            run.console.print(report.cuts(cuts, links[-1:]))

    # 8) The same arithmetic for other links, and where the recordings of the engines' steps are.
    run.console.print(report.elsewhere())
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
