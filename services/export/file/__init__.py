"""The JSON lines file beside siem.ocsf: a reader of the topic like any other."""
