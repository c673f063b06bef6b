"""From symbols to vLLM's source: where one stands, the map of all that the lessons name, what moved, what an upgrade moves."""
