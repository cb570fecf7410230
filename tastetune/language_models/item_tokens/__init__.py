"""Item tokens: one token an item, beside its text or in its place, whose vector is learnt and kept in the adapter.

The field calls such vectors collaborative embeddings: CoLLM (https://arxiv.org/abs/2310.19488), BinLLM (2406.03210).
"""
