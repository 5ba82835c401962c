"""What the service tells other systems about itself: traces, error reports and reports to GraphQL Hive."""
