"""Recommenders trained by RecBole; `shim` alone imports it."""
