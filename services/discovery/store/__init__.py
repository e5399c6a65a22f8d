"""The inventory in an SQL database: a reader of the topic `endpoints` like any other."""
