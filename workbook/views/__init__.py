"""Pictures of recordings: terminal, page, trace, SVG. Knows recordings and nothing of vLLM."""
