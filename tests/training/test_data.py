from types import SimpleNamespace

import pytest
from datasets import Dataset
from made import make_dataset
from made_model import make_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_cost
from tastetune.errors import InputError
from tastetune.training.costs import CostRecorder
from tastetune.training.data import check_lengths, set_total_batch_size, training_rows, without_eos


def arguments(**kwargs):
    given = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 1, "world_size": 1}
    return SimpleNamespace(**{**given, "max_steps": -1, "seed": 0, "data_seed": None, **kwargs})


@pytest.mark.parametrize(("world_size", "accumulation"), [(1, 16), (2, 8), (8, 2)])
def test_a_step_sees_64_examples_on_any_number_of_processes(world_size, accumulation):
    args = arguments(world_size=world_size)
    set_total_batch_size(args, 64)
    assert args.gradient_accumulation_steps == accumulation


def test_a_total_that_does_not_divide_is_refused():
    with pytest.raises(InputError, match=r"total_train_batch_size is 64, and 3 processes x .* 4 = 12 does not divide"):
        set_total_batch_size(arguments(world_size=3), 64)


def test_rows_are_as_many_as_the_steps_will_see(tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "data", 30, 20, 0))
    everything = training_rows(dataset, "like_dislike", "train+validation", arguments())
    assert len(everything) == sum(dataset.read("like_dislike", split).num_rows for split in ("train", "validation"))
    # 5 steps of 4 rows; another seed draws others; none is drawn twice
    drawn = [
        training_rows(dataset, "like_dislike", "train", arguments(max_steps=5, seed=s))["prompt"][:] for s in (0, 0, 1)
    ]
    assert len(drawn[0]) == len(set(drawn[0])) == 20
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_row_that_would_lose_its_answer_is_refused(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(make_tiny_model(tmp_path / "model"))
    rows = Dataset.from_dict({"prompt": ["Film 1", "Film 1 Film 2 Film 3"], "completion": [" Yes", " No"]})
    # One token each for the beginning and the end of the text, the rest is the tokenizer's
    longest = len(tokenizer("Film 1 Film 2 Film 3 No")["input_ids"]) + 1
    check_lengths(rows, tokenizer, longest)
    check_lengths(rows, tokenizer, None)
    with pytest.raises(InputError, match=rf"1 of 2 rows are longer than max_length {longest - 1} \(longest {longest}"):
        check_lengths(rows, tokenizer, longest - 1)
    # Of 3 positions no max_length helps; of more than there are tokens, the smaller limit decides
    for limit, context, remedy in (
        (None, 3, "rebuild"),
        (longest - 1, longest - 1, "rebuild"),
        (3, 9999, "set max_length"),
    ):
        with pytest.raises(InputError, match=rf"rows are longer than .* would lose their answer; {remedy}"):
            check_lengths(rows, tokenizer, limit, context=context)
    check_lengths(rows, tokenizer, longest, context=longest)


def test_packed_rows_are_all_given_and_counted(tmp_path):
    """How many rows fill a sequence is known when they are tokenised: none may be left out before."""
    dataset = open_dataset(make_dataset(tmp_path / "data", 30, 20, 0))
    everything = training_rows(dataset, "like_dislike", "train", arguments())
    assert len(training_rows(dataset, "like_dislike", "train", arguments(max_steps=5, packing=True))) == len(everything)
    # 12 rows packed into 3 sequences, so 4 a sequence: after 5 steps of 2 sequences 40
    recorder = CostRecorder(None, examples=12)
    args = arguments(packing=True, per_device_train_batch_size=2, output_dir=str(tmp_path))
    recorder.on_train_begin(args, None, None, train_dataloader=SimpleNamespace(dataset=range(3)))
    recorder.write(args, SimpleNamespace(global_step=5, total_flos=0, num_input_tokens_seen=0), tmp_path)
    assert read_cost(tmp_path)["examples"] == 40


def test_a_row_ends_with_its_answer_or_with_the_end_of_the_text(tmp_path):
    """The rows that TRL makes of texts, token by token, but for the end-of-text token behind the answer."""
    tokenizer = AutoTokenizer.from_pretrained(make_tiny_model(tmp_path / "model"))
    texts = Dataset.from_dict({"prompt": ["Film 1", "Film 1 Film 2"], "completion": [" Yes", " No"]})

    def prepared(rows, **keys):
        args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False, report_to="none", **keys)
        model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
        dataset = SFTTrainer(model, args, train_dataset=rows, processing_class=tokenizer).train_dataset
        return [(row["input_ids"], row["labels"]) for row in dataset]

    for keys, whole_text in (({}, False), ({"completion_only_loss": False}, True)):
        with_end = prepared(texts, **keys)
        without = prepared(without_eos(texts, tokenizer, whole_text=whole_text), **keys)
        assert [ids[-1] for ids, _ in with_end] == [tokenizer.eos_token_id] * 2
        assert without == [(ids[:-1], labels[:-1]) for ids, labels in with_end]
    # Of two labels a row, the answer and the end, one is left: the answer
    labels = without_eos(texts, tokenizer)["labels"]
    answers = [tokenizer(answer, add_special_tokens=False)["input_ids"] for answer in (" Yes", " No")]
    assert [[label for label in of_row if label != -100] for of_row in labels] == answers
