"""Trains a tiny llama-architecture chat model from nothing and exports it as GGUF."""
