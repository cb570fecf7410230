import numpy as np
import pytest
import torch
from made_model import make_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.language_models.lists.catalogue_ranking import passes, title_log_probabilities
from tastetune.language_models.lists.constrained import spell

TITLES = [f"Film {i} ({1990 + i % 7})" for i in range(40)]
TITLES += ["Film", "Alien", "Alien 3", "12 Angry Men (1957)", "...And Justice for All (1979)", "Amélie"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"), layers=2)
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def alone(model, tokenizer, prompt, title):
    """log P(" title\\n" | prompt) by the definition: the whole text through the model, one log-softmax a token."""
    ids = tokenizer(f" {title}\n", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logs = model(torch.tensor([prompt + ids])).logits[0].double().log_softmax(-1)
    return sum(logs[len(prompt) - 1 + place, token].item() for place, token in enumerate(ids))


@pytest.mark.parametrize("nodes_at_once", [1, 7, 10_000])
def test_the_shared_prompt_changes_no_score(tiny, nodes_at_once):
    model, tokenizer = tiny
    prompts = [tokenizer(text)["input_ids"] for text in ("I love Film 3.\n1.", "Film 1, Film 2 and the like\n1.")]
    trie = spell(tokenizer, TITLES, 1, tokenizer.eos_token_id).inner
    expected = [[alone(model, tokenizer, prompt, title) for title in TITLES] for prompt in prompts]
    assert np.ptp(expected, axis=0).max() > 1e-2, "prompts that all score alike would show nothing"
    np.testing.assert_allclose(title_log_probabilities(model, prompts, trie, nodes_at_once), expected, atol=1e-4)


def test_every_inner_node_is_in_a_pass_with_its_ancestors_and_sees_these_alone(tiny):
    trie = spell(tiny[1], TITLES, 1, tiny[1].eos_token_id).inner
    scored = []
    for part in passes(trie, 5):
        assert len(part.nodes) <= 5 + trie.depth.max()
        for place, node in enumerate(part.nodes):
            above = {int(node)}
            while trie.parent[min(above)]:
                above.add(int(trie.parent[min(above)]))
            assert set(part.nodes[part.sees[place]].tolist()) == above
        assert (part.nodes[part.behind] == trie.parent[part.child]).all()
        scored += part.child.tolist()
    # The root's own children are scored by the prompt's last token
    assert sorted(scored + trie.children(0).tolist()) == list(range(1, len(trie.token)))
