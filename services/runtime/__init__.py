"""What services share to run: the transactional worker, local Kafka, settings, metrics, health."""
