"""What `sidetap bench` measures: made traffic, our own stages, and peers on the same files."""
