"""A made world of APIs and how much of it discovery finds: `python -m tests.apis`."""
