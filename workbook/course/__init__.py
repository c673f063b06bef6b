"""The lessons as data: their headers, their pages, their exercises, and the vLLM symbols that they name.

Reads files; knows neither an engine nor what is drawn or graded.
"""
