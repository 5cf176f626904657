"""Pages for people without a key: HTML that works without JavaScript, made by the services of the topics."""
