"""Tests of the recorder, and the engines and the witness that they share."""
