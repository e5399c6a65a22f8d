"""What leaves for a SIEM: findings and, by setting, exchanges as OCSF 1.8 events, masked."""
