"""One grader for each exercise, in a module of its name."""
