"""What the world may ask: routes, pages and the command line, on top of what is so and what is likely."""
