"""What `sidetap train` runs: labelled requests in, a model with its report out."""
