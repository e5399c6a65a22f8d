"""The `sidetap` command: one file a subcommand (contract: docs/architecture.md, command line)."""
