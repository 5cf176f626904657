"""Personal data: told to whom they are about, erased on request, kept no longer than agreed, and who did what."""
