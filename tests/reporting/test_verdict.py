"""What a table says, in words; every sentence worked by hand."""

import pytest

from tastetune.metrics import LIKE_DISLIKE, LISTS
from tastetune.reporting.formats import markdown
from tastetune.reporting.verdict import verdict


def estimate(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def apart(difference, low, high, p_holm=0.01):
    return {"difference": difference, "low": low, "high": high, "p": p_holm, "p_holm": p_holm}


def row(name, kind, value, *, against=None, uauc=None, half=0.01, metric="roc_auc", **more):
    """A model of the table: its value ± `half`, and its differences to the reference."""
    all_names = LIKE_DISLIKE if metric == "roc_auc" else LISTS
    metrics = dict.fromkeys(all_names, estimate(None)) | {name: estimate(v) for name, v in more.items()}
    metrics[metric] = estimate(value, *(() if value is None else (value - half, value + half)))
    differences = {} if against is None else {metric: against}
    if uauc is not None:
        differences["uauc"] = uauc
    return {"model": name, "kind": kind, "metrics": metrics, "against": {"mean": differences} if differences else {}}


def scored(*models, reference="mean", config="like_dislike", **dataset):
    dataset = {"config": config, "settings": {}, "split": "test", "n": 402, **dataset}
    return {"dataset": dataset, "bootstrap": {"level": 0.95}, "reference": reference, "models": list(models)}


MEAN = row("mean", "trivial", 0.79)
SVD = row("svd", "recbole", 0.81, against=apart(0.02, 0.014, 0.026))
SASREC = row("sasrec", "recbole", 0.795, against=apart(0.005, -0.001, 0.011))
SFT = row("sft", "adapter", 0.76, against=apart(-0.03, -0.04, -0.02))
BASE = row("zero-shot", "base", 0.61, against=apart(-0.18, -0.2, -0.16))


def test_one_model_clears_the_reference():
    assert verdict(scored(SVD, MEAN, SFT)) == [
        "One model clears mean (ROC-AUC 0.790 [0.780, 0.800]): svd by +0.020 [+0.014, +0.026].",
        "sft (-0.030 [-0.040, -0.020]) falls short of mean.",
        "The best language model, sft, does not clear mean (-0.030 [-0.040, -0.020]).",
    ]


def test_several_clear_it_and_several_fall_short():
    ahead = row("sft", "adapter", 0.8, against=apart(0.01, 0.002, 0.018))
    assert verdict(scored(SVD, ahead, MEAN, BASE, row("old", "base", 0.6, against=apart(-0.19, -0.21, -0.17)))) == [
        "2 models clear mean (ROC-AUC 0.790 [0.780, 0.800]): "
        "svd by +0.020 [+0.014, +0.026] and sft by +0.010 [+0.002, +0.018].",
        "zero-shot (-0.180 [-0.200, -0.160]) and old (-0.190 [-0.210, -0.170]) fall short of mean.",
        "The best language model, sft, clears mean (+0.010 [+0.002, +0.018]).",
    ]


def test_a_model_that_answers_alike_everywhere_is_named_first():
    """On 9:1 rows always answering Yes is right nine times in ten; a trivial model is known for it."""
    always = row("always_yes", "trivial", 0.5, against=apart(-0.29, -0.3, -0.28)) | {"yes_rate": 1.0}
    yes, no = (SFT | {"yes_rate": rate} for rate in (0.996, 0.0))
    few = SVD | {"yes_rate": 0.99}  # beyond it, not at it
    first, *rest = verdict(scored(few, MEAN, yes, always, base_rate=0.9))
    assert first == (
        "One-sided: on nearly all rows the answer is Yes of sft (99.6%), and likes are 90.0% of the rows: the accuracy "
        "is that of always answering Yes. Look at ROC-AUC, or choose a threshold on validation."
    )
    assert not [sentence for sentence in rest if "One-sided" in sentence]
    assert verdict(scored(SVD, MEAN, no, base_rate=0.9))[0].startswith(
        "One-sided: on nearly all rows the answer is No of sft (100.0%), and dislikes are 10.0% of the rows"
    )
    assert "One-sided" not in " ".join(verdict(scored(few, MEAN, SFT)))


def test_more_than_three_are_counted():
    ahead = [row(f"m{k}", "recbole", 0.85 - k / 100, against=apart(0.05, 0.04, 0.06)) for k in range(5)]
    behind = [row(f"n{k}", "recbole", 0.7, against=apart(-0.09, -0.1, -0.08)) for k in range(4)]
    clears, short, _ = verdict(scored(*ahead, MEAN, *behind))
    figure = "+0.050 [+0.040, +0.060]"
    assert clears.endswith(f": m0 by {figure}, m1 by {figure}, m2 by {figure} and 2 more.")
    assert short == "4 models fall short of mean."


def test_an_interval_that_holds_zero_tells_nothing_apart():
    """Also one that only touches it."""
    touches = row("din", "recbole", 0.8, against=apart(0.01, 0.0, 0.02))
    sentences = verdict(scored(SASREC, MEAN, BASE))
    assert sentences[:2] == [
        "No model clears mean (ROC-AUC 0.790 [0.780, 0.800]).",
        "sasrec (+0.005 [-0.001, +0.011]) cannot be told apart from mean: its interval includes zero.",
    ]
    assert verdict(scored(touches, SASREC, MEAN, BASE))[1] == (
        "din (+0.010 [+0.000, +0.020]) and sasrec (+0.005 [-0.001, +0.011]) cannot be told apart from mean: "
        "their intervals include zero."
    )


def test_the_language_model_may_be_undecided_or_absent_or_the_reference():
    undecided = row("sft", "adapter", 0.8, against=apart(0.01, -0.005, 0.02))
    sentence = "The best language model, sft, cannot be told apart from mean (+0.010 [-0.005, +0.020])."
    assert sentence in verdict(scored(undecided, MEAN, BASE))
    assert verdict(scored(SVD, MEAN))[-1] == "No language model is in this table."
    itself = row("mean", "base", 0.79)
    assert not [sentence for sentence in verdict(scored(SVD, itself)) if "language" in sentence]


def test_a_lead_that_does_not_survive_the_correction_says_so():
    """0.08 is above 1 - 95%, 0.05 is not."""
    for p, more in ((0.08, ", not for sure: p 0.080 after Holm's correction"), (0.05, "")):
        lucky = row("svd", "recbole", 0.81, against=apart(0.02, 0.014, 0.026, p_holm=p))
        assert verdict(scored(lucky, MEAN))[0].endswith(f": svd by +0.020 [+0.014, +0.026]{more}.")


def test_the_known_references_are_called_what_they_are():
    mean = MEAN | {"model": "user_item_mean"}
    sentences = verdict(scored(mean, reference="user_item_mean"))
    assert sentences[0] == ("No model clears user_item_mean (user mean plus item mean, ROC-AUC 0.790 [0.780, 0.800]).")


def test_without_a_reference_nothing_is_compared():
    sentences = verdict(scored(SVD | {"against": {}}, SFT | {"against": {}}, reference=None))
    assert sentences == [
        "No model is the reference, so nothing says who has learnt a taste; score with a --reference.",
    ]


def test_what_was_not_measured_is_named():
    one = row("svd", "recbole", 0.81)
    two = row("din", "recbole", 0.79)
    assert "How far svd lies from mean could not be measured." in verdict(scored(one, MEAN))
    assert "How far svd and din lie from mean could not be measured." in verdict(scored(one, two, MEAN))
    assert verdict(scored(row("a", "base", None))) == ["No model has a ROC-AUC, so nothing can be said of them."]


def test_within_one_user_the_best_and_the_best_language_model_are_looked_at():
    svd = row("svd", "recbole", 0.81, against=apart(0.02, 0.014, 0.026), uauc=apart(0.01, -0.01, 0.03))
    sft = row("sft", "adapter", 0.76, against=apart(-0.03, -0.04, -0.02), uauc=apart(0.05, 0.02, 0.08))
    scores = scored(svd, MEAN, sft, settings={"task": {"user": "reader"}})
    assert verdict(scores)[-1] == (
        "Within one reader (UAUC), svd cannot be told apart from mean (+0.010 [-0.010, +0.030]) "
        "and sft clears mean (+0.050 [+0.020, +0.080])."
    )


def test_a_table_in_which_each_lies_in_every_interval_is_hollow():
    """0.80 ± 0.05, 0.81 ± 0.05 and 0.82 ± 0.05: 0.80 lies in [0.77, 0.87], and 0.82 in [0.75, 0.85]."""
    wide = [
        row("mean", "trivial", 0.80, half=0.05),
        row("svd", "recbole", 0.81, half=0.05, against=apart(0.01, -0.02, 0.04)),
        row("sft", "adapter", 0.82, half=0.05, against=apart(0.02, -0.01, 0.05)),
    ]
    always = row("always_yes", "trivial", 0.5, half=0.0, against=apart(-0.3, -0.35, -0.25))
    sentence = (
        "This table cannot tell models apart: "
        "the ROC-AUC of each of sft, svd and mean lies within the interval of every other."
    )
    assert verdict(scored(*wide))[0] == sentence
    assert verdict(scored(*wide, always))[0] == sentence  # the same in every resample
    # Paired on the same resamples, they can be
    sure = row("sft", "adapter", 0.82, half=0.05, against=apart(0.02, 0.01, 0.03))
    assert not verdict(scored(*wide[:2], sure))[0].startswith("This table cannot")
    # 0.70 lies in no other's interval
    far = row("old", "recbole", 0.70, half=0.05, against=apart(-0.1, -0.21, 0.01))
    assert not verdict(scored(*wide, far))[0].startswith("This table cannot")


@pytest.mark.parametrize(("value", "is_hollow"), [(0.949, False), (0.95, True)])
def test_a_table_that_a_trivial_model_wins_is_hollow(value, is_hollow):
    sentence = (
        f"This table cannot tell models apart: without learning a taste, mean has a ROC-AUC of {value:.3f}, "
        "so next to nothing is left to win."
    )
    assert (verdict(scored(row("mean", "trivial", value), BASE))[0] == sentence) == is_hollow


@pytest.mark.parametrize(
    ("name", "value", "is_hollow"), [("user_mean", 0.80, True), ("user_mean", 0.79, False), ("item_mean", 0.80, False)]
)
def test_a_table_in_which_the_user_alone_is_as_good_as_the_best_is_hollow(name, value, is_hollow):
    """svd has 0.81, and its interval begins at 0.80."""
    sentence = (
        "This table cannot tell models apart: user_mean alone, which knows nothing of what is asked about, "
        "lies within the interval of the best, svd, at a ROC-AUC of 0.800."
    )
    alone = row(name, "trivial", value, against=apart(-0.01, -0.02, -0.001))
    assert (verdict(scored(SVD, alone, MEAN))[0] == sentence) == is_hollow


@pytest.mark.parametrize(("copies", "is_hollow"), [(80, False), (301, True)])
def test_a_table_of_prompts_that_were_trained_on_is_hollow(copies, is_hollow):
    """80 of 402 are less than a fifth."""
    sentence = (
        f"This table cannot tell models apart: {copies} of 402 test prompts are, letter by letter, training prompts."
    )
    assert (verdict(scored(SVD, MEAN, leakage={"duplicate_prompts": copies}))[0] == sentence) == is_hollow


def test_all_reasons_stand_in_one_sentence():
    leakage = {"duplicate_prompts": 301}
    assert verdict(scored(row("mean", "trivial", 0.96), BASE, leakage=leakage))[0] == (
        "This table cannot tell models apart: without learning a taste, mean has a ROC-AUC of 0.960, so next to "
        "nothing is left to win; 301 of 402 test prompts are, letter by letter, training prompts."
    )


@pytest.mark.parametrize(("value", "is_leak"), [(0.979, False), (0.98, True)])
def test_a_learnt_model_that_is_too_good_has_a_leak_until_shown_otherwise(value, is_leak):
    best = row("svd", "recbole", value, against=apart(0.19, 0.18, 0.2))
    sentence = (
        f"svd has a ROC-AUC of {value:.3f}: a leak until shown otherwise. "
        "Look at what the model was fitted on, and at whether its input holds the answer."
    )
    assert (verdict(scored(best, MEAN))[0] == sentence) == is_leak


def test_the_leaks_that_were_counted_are_where_to_look():
    best = [row(name, "recbole", 0.99, against=apart(0.2, 0.19, 0.21)) for name in ("svd", "din")]
    leakage = {"test_before_training": 9, "repeated_pairs": 1200, "targets_in_history": 0, "duplicate_prompts": 3}
    assert verdict(scored(*best, MEAN, leakage=leakage))[0] == (
        "svd has a ROC-AUC of 0.990 and din has a ROC-AUC of 0.990: a leak until shown otherwise. "
        "Look at rows whose user and item stand in another row too (1,200) "
        "and test rows whose prompt is a training row's, letter by letter (3)."
    )


def lists(name, kind, value, p10, against=None):
    return row(name, kind, value, against=against, metric="precision@3", **{"precision@10": p10})


def popular_and_sft():
    """What most people watched, P@3 0.400, and a language model that is 0.050 better."""
    sft = lists("sft", "adapter", 0.45, 0.35)
    sft["against"] = {"most_popular": {"precision@3": apart(0.05, 0.02, 0.08)}}
    return sft, lists("most_popular", "trivial", 0.4, 0.3)


def test_lists_are_compared_with_what_most_people_watched():
    scores = scored(*popular_and_sft(), config="top_n", reference="most_popular", settings={"gold": "future"})
    assert verdict(scores) == [
        "One model clears most_popular (what most people watched, P@3 0.400 [0.390, 0.410]): "
        "sft by +0.050 [+0.020, +0.080].",
        "The best language model, sft, clears most_popular (+0.050 [+0.020, +0.080]).",
    ]


def test_gold_lists_of_others_watching_that_one_list_for_everybody_fills_are_named():
    """0.400 is 89% of the best, 0.450; of a best of 0.8 it would be half, and nothing would be said."""
    doubt = (
        "The gold lists reward what is popular: most_popular, one list for everybody, has 89% of the best P@3. "
        "Look at lists of what people went on to like, which --gold future makes."
    )
    sft, popular = popular_and_sft()
    assert verdict(scored(sft, popular, config="top_n", reference="most_popular"))[0] == doubt
    better = lists("ease", "recbole", 0.8, 0.7)
    assert doubt not in verdict(scored(better, sft, popular, config="top_n", reference="most_popular"))


def test_lists_that_several_models_fill_are_hollow():
    perfect, nearly = lists("gold", "recbole", 1.0, 1.0), lists("ease", "recbole", 0.999, 0.99)
    mean = lists("mean", "trivial", 0.4, 0.3)
    sentence = (
        "This table cannot tell models apart: the P@10 of gold and ease is 0.99 or more, so nothing is left to win."
    )
    assert verdict(scored(perfect, nearly, mean, config="top_n"))[0] == sentence
    assert sentence not in verdict(scored(perfect, mean, config="top_n"))  # one alone may just be good


def test_a_name_is_written_as_its_place_needs_it():
    svd = row("s|v*d", "recbole", 0.81, against=apart(0.02, 0.014, 0.026))
    assert "s\\|v\\*d by +0.020 [+0.014, +0.026]" in verdict(scored(svd, MEAN), markdown)[0]


def test_the_order_of_the_file_does_not_matter():
    rows = [SVD, MEAN, SASREC, SFT, BASE]
    assert verdict(scored(*rows)) == verdict(scored(*rows[::-1]))


def test_an_adapter_without_a_runs_record_is_doubted():
    unknown = SFT | {"settings": {"trained_rows": "unknown"}}
    assert verdict(scored(SVD, MEAN, unknown))[-1] == (
        "sft was trained on unknown rows, perhaps on some of those scored here: no run's record lies beside it."
    )


def test_a_model_that_was_trained_on_another_dataset_is_named_with_it():
    elsewhere = {"dataset": "log_a", "fingerprint": "0123456789abcdef0123"}
    here = {"dataset": "log_b", "fingerprint": "f" * 20}
    models = [SFT | {"settings": elsewhere}, row("full", "fine-tuned", 0.7) | {"settings": elsewhere}]
    others = [BASE | {"settings": elsewhere}, row("own", "adapter", 0.75) | {"settings": here}, MEAN]
    sentences = verdict(scored(*models, *others, fingerprint="f" * 20), markdown)
    assert [sentence for sentence in sentences if "another dataset" in sentence] == [
        "sft and full were trained on another dataset than the one scored here: log_a, fingerprint 0123456789abcdef."
    ]


def test_two_stacks_say_what_language_models_add():
    whole = row("stacked", "stack", 0.832, against=apart(0.042, 0.036, 0.048))
    part = row("stacked_without_language_models", "stack", 0.829, against=apart(0.039, 0.033, 0.045))
    whole["against"][part["model"]] = {"roc_auc": apart(0.003, 0.001, 0.005)}
    assert verdict(scored(whole, part, MEAN))[-1] == (
        "Stacked over all models, stacked clears stacked_without_language_models (+0.003 [+0.001, +0.005]): "
        "that is what the language models add to the others."
    )
    whole["against"][part["model"]] = {"roc_auc": apart(0.0, -0.002, 0.002)}
    assert "cannot be told apart from stacked_without" in verdict(scored(whole, part, MEAN))[-1]
