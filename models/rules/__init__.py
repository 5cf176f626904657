"""Plain arithmetic on known facts. Nothing here knows a database, the web or a learner."""
