"""Single measurements that the demo takes and the report shows."""
