"""Which tests take seconds, so that `make test-fast` leaves them out; a test may also say so by its own mark."""

FIXTURES = {"browser", "hub", "near_hub"}
"""What takes seconds to be had: a browser, and processes that talk to the stand-in for the Hub."""

PLACES = (
    "artifacts/test_digests.py::test_tables_have_one_digest",
    "baselines/test_configs.py::test_no_string_of_a_config_is_run",
    "baselines/test_lists.py",
    "baselines/test_recbole.py",
    "baselines/test_scales.py",
    "baselines/test_selection.py",
    "baselines/test_text.py",
    "baselines/test_trivial_likes.py::test_neither_torch_nor_recbole_is_imported",
    "baselines/test_tuning.py",
    "config/test_recipe.py::test_every_recipe_of_the_project_parses",
    "data/intake/test_quirks.py",
    "data/reading/test_damage.py",
    "data/test_audit.py",
    "data/lists/test_gold_lists.py::test_lists_equal_the_reference_in_whatever_order_the_log_comes",
    "data/lists/test_future.py::test_lists_equal_the_reference_and_nothing_of_the_future_can_be_learnt",
    "data/test_histories.py",
    "data/test_interactions.py",
    "data/test_like_dislike.py",
    "data/test_spark.py",
    "data/test_splits.py",
    "data_builders/",
    "evaluation/test_learning_curve.py",
    "evaluation/test_scoring.py",
    "evaluation/test_scoring_lists.py::test_the_script_writes_scores_and_what_is_rendered_from_them",
    "hub/test_results.py",
    "language_models/test_catalogue_ranking.py",
    "language_models/test_gguf.py",
    "language_models/test_item_tokens.py",
    "language_models/test_language_model.py",
    "language_models/test_merging.py",
    "language_models/test_streams.py",
    "language_models/test_top_n.py",
    "metrics/test_threshold.py::test_no_threshold_has_a_higher_f1",
    "probe/test_probe.py",
    "reporting/test_exports.py",
    "reporting/test_figures.py::test_ticks_lie_on_the_axis_and_are_few",
    "reporting/test_plots.py",
    "scripts/",
    "tasks/test_rating.py::test_stars_are_trained_on_predicted_and_scored_in_the_table_of_the_same_rows",
    "test_docs.py",
    "test_new_task.py",
    "test_package.py::test_the_core_builds_fits_scores_and_renders",
    "training/test_checkpoints.py",
    "training/test_checks.py",
    "training/test_failures.py",
    "training/test_grpo.py",
    "training/test_preferences.py",
    "training/test_streams.py",
    "training/test_trackers.py",
    "training/test_tuning.py",
    "training/test_validation.py",
)
"""Beginnings of tests' addresses in tests/: folders, files, single tests."""


def is_slow(nodeid: str, fixtures: list[str]) -> bool:
    """Whether the test at this address, with these fixtures, takes seconds."""
    return nodeid.removeprefix("tests/").startswith(PLACES) or not FIXTURES.isdisjoint(fixtures)
