"""The small library behind the scripts: what is not the lesson itself.

Importing it costs a few milliseconds and never imports torch or vLLM. It ties the life of a
spawned process (EngineCore, worker) to its parent's, so every script imports it first.
"""

from workbook import guard

guard.die_with_parent()
