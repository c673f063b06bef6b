"""What the ranks exchange, by counting: the rule, its edges, and a model that everybody knows.

That the workers of real engines count the same is tested where they are: tests/ranks.
"""

from workbook.wire import collectives, padded_vocabulary


def test_a_decode_step_of_the_tiny_model() -> None:
    """Four layers, hidden 256: nine all-reduces of one row of bfloat16, and half of the logits from each rank."""
    step = collectives(layers=4, hidden=256, vocabulary=49152, tokens=1, tp=2)
    assert (step.all_reduces, step.all_reduce) == (9, 512)
    assert (step.all_gathers, step.all_gather) == (1, 49152)
    assert step.payload == 9 * 512 + 49152


def test_one_rank_has_nobody_to_talk_to() -> None:
    assert collectives(32, 4096, 128256, 1, tp=1).payload == 0
    assert collectives(32, 4096, 128256, 1, tp=1).ring == 0


def test_tokens_widen_the_all_reduces_and_requests_the_all_gather() -> None:
    one = collectives(4, 256, 49152, tokens=1, tp=2)
    prompt = collectives(4, 256, 49152, tokens=40, tp=2)
    batch = collectives(4, 256, 49152, tokens=40, tp=2, requests=40)
    assert prompt.all_reduce == 40 * one.all_reduce == batch.all_reduce
    assert prompt.all_gather == one.all_gather == batch.all_gather // 40
    assert prompt.all_reduces == one.all_reduces == batch.all_reduces


def test_float32_doubles_everything() -> None:
    two, four = (collectives(4, 256, 49152, 7, 2, size) for size in (2, 4))
    assert four.payload == 2 * two.payload


def test_the_vocabulary_is_padded_before_it_is_dealt_out() -> None:
    assert padded_vocabulary(32003) == 32064
    assert collectives(1, 64, 32003, 1, tp=4).all_gather == 32064 // 4 * 2


def test_round_a_ring() -> None:
    """Two ranks send each other all of an all-reduce, more ranks less than twice as much; an all-gather grows with the ranks."""
    two, four = (collectives(80, 8192, 128256, 1, ranks) for ranks in (2, 4))
    assert two.ring == two.payload
    assert four.ring == 161 * 16384 * 1.5 + 3 * four.all_gather


def test_llama_70b_on_four_cards() -> None:
    step = collectives(layers=80, hidden=8192, vocabulary=128256, tokens=1, tp=4)
    assert step.all_reduces == 161
    assert step.payload == 161 * 16384 + 64128


def test_what_lesson_2_5_says_of_llama_8b_on_four_cards() -> None:
    """TP=4 as a ring; with TP=2 and PP=2 the first stage has the embedding, the second the logits."""
    token, prompt = (collectives(32, 4096, 128256, tokens, 4) for tokens in (1, 2048))
    assert round(token.ring / 1e6, 2) == 0.99
    assert round(prompt.ring / 1e6) == 1636
    pair = collectives(32, 4096, 128256, 1, 2)
    stages = [33 * pair.all_reduce, 32 * pair.all_reduce + pair.all_gather]
    assert [round(sent / 1e6, 2) for sent in stages] == [0.27, 0.39]
    assert sum(stages) == pair.ring
