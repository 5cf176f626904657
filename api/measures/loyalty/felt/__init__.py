"""What customers feel of the company's loyalty, and the Gap: reports that a worker made, read."""
