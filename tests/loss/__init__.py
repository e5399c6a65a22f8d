"""The loss exam: packets are dropped from captures, and what is said is held to the whole run."""
