"""What talks to pytest and pytest-xdist: the parts that a process plays, and what they tell each other."""
