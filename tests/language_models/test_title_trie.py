import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.language_models.lists.title_trie import TitleTrie

END = 9
"""Ends every sequence, so that none is the beginning of another."""

titles = st.sets(st.lists(st.integers(0, 3), max_size=4).map(tuple), min_size=1, max_size=12)


def test_a_trie_of_three_titles():
    """1 2 9 and 1 3 9 share their first token; in preorder: root, 1, 2, 9, 3, 9, 4, 9."""
    trie = TitleTrie([(4, END), (1, 2, END), (1, 3, END)])
    assert trie.token.tolist() == [-1, 1, 2, END, 3, END, 4, END]
    assert trie.parent.tolist() == [0, 0, 1, 2, 1, 4, 0, 6]
    assert trie.depth.tolist() == [0, 1, 2, 3, 2, 3, 1, 2]
    assert trie.leaves.tolist() == [3, 2, 1, 1, 1, 1, 1, 1]
    assert trie.end.tolist() == [8, 6, 4, 4, 6, 6, 8, 8]
    assert trie.leaf.tolist() == [7, 3, 5]
    assert trie.next_nodes(0).tolist() == [1, 6]
    # Without 1 2 9 its 2 and 9 are closed, the shared 1 is not
    closed = trie.without([1])
    assert closed == {2, 3}
    assert trie.next_nodes(1, closed).tolist() == [4]
    assert trie.without([1, 2]) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("sequences", [[(1, 2), (1,)], [(1,), ()], [(1,), (1,)]])
def test_a_beginning_of_another_is_refused(sequences):
    with pytest.raises(ValueError, match="is empty, or another is its beginning"):
        TitleTrie(sequences)


@given(titles, st.data())
def test_what_can_be_walked_is_what_was_put_in_less_what_was_taken_out(titles, data):
    sequences = [(*title, END) for title in titles]
    out = data.draw(st.sets(st.integers(0, len(sequences) - 1)))
    trie = TitleTrie(sequences)
    closed = trie.without(out)

    def walks(node):
        if trie.sequence[node] >= 0:
            yield (), int(trie.sequence[node])
        for child in trie.next_nodes(node, closed):
            yield from (((int(trie.token[child]), *rest), number) for rest, number in walks(int(child)))

    expected = {(sequence, number) for number, sequence in enumerate(sequences) if number not in out}
    if expected:  # a trie emptied to the root has no node to ask at
        assert set(walks(0)) == expected
