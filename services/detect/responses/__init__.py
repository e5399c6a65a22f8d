"""What answers give away: attacks that worked, leaks, and weaknesses that the traffic shows."""
