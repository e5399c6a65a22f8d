"""What crosses a wire or outlives a process: records, topics and their codec."""
