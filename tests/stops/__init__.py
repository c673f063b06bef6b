"""Tests of the stops inside vLLM, in files and in a terminal; tests/dap drives them as an editor does."""
