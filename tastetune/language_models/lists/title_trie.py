"""The catalogue's titles as a trie over token ids: what may come next, and what all titles share."""

from collections.abc import Collection, Sequence
from itertools import takewhile

import numpy as np

_MANY = 256
"""Of more children numpy picks the open ones faster than a loop."""


class TitleTrie:
    """Token sequences, none of them a prefix of another, merged where they begin alike.

    Nodes are numbered in preorder from the root, 0, so that what lies below a node is one range of numbers.

    Attributes:
        parent, token, depth: of each node, int64 (nodes,); the root is its own parent at depth 0.
        end: one past the last node below each node; `leaves` how many sequences end there, both int64 (nodes,).
        leaf: the node at which each sequence ends, int64 (sequences,).
        sequence: the sequence that ends at each node, -1 for inner nodes, int64 (nodes,).
    """

    def __init__(self, sequences: Sequence[Sequence[int]]):
        """Args:
        sequences: one at least, not empty, all different.

        Raises:
            ValueError: a sequence is empty, or the beginning of another.
        """
        parent, token, depth, leaf = [0], [-1], [0], np.zeros(len(sequences), np.int64)
        path, previous = [0], ()
        for number in sorted(range(len(sequences)), key=lambda number: tuple(sequences[number])):
            sequence = tuple(sequences[number])
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(sequence, previous, strict=False)))
            if same == len(sequence) or (previous and same == len(previous)):
                raise ValueError(f"sequence {number} is empty, or another is its beginning: {sequence}")
            del path[same + 1 :]
            for piece in sequence[same:]:
                parent.append(path[-1])
                token.append(piece)
                depth.append(len(path))
                path.append(len(token) - 1)
            leaf[number], previous = path[-1], sequence
        self.parent, self.token, self.depth, self.leaf = (np.array(a, np.int64) for a in (parent, token, depth, leaf))
        self.sequence = np.full(len(token), -1)
        self.sequence[self.leaf] = np.arange(len(sequences))
        self.end, self.leaves = np.arange(len(token)) + 1, (self.sequence >= 0).astype(np.int64)
        for level in range(self.depth.max(), 0, -1):
            nodes = np.flatnonzero(self.depth == level)
            np.maximum.at(self.end, self.parent[nodes], self.end[nodes])
            np.add.at(self.leaves, self.parent[nodes], self.leaves[nodes])
        self._children = 1 + np.argsort(self.parent[1:], kind="stable")
        self._starts = np.searchsorted(self.parent[1:][self._children - 1], np.arange(len(token) + 1))

    def children(self, node: int) -> np.ndarray:
        """The nodes right below `node`, int64."""
        return self._children[self._starts[node] : self._starts[node + 1]]

    def without(self, sequences: Collection[int]) -> frozenset[int]:
        """The nodes that lead nowhere once these sequences are taken out."""
        gone: dict[int, int] = {}
        for number in sequences:
            node = int(self.leaf[number])
            while node:
                gone[node] = gone.get(node, 0) + 1
                node = int(self.parent[node])
        return frozenset(node for node, count in gone.items() if count == self.leaves[node])

    def next_nodes(self, node: int, closed: frozenset[int] = frozenset()) -> np.ndarray:
        """The nodes that may follow `node`, those of `without` left out."""
        nodes = self.children(node)
        if not closed or len(nodes) == 1:  # a node is open only if something below it is
            return nodes
        if len(nodes) > _MANY:
            return nodes[~np.isin(nodes, list(closed))]
        return np.array([below for below in nodes.tolist() if below not in closed], np.int64)
