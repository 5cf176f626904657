"""The demo workspace: a synthetic company, made by our own code, that tells the whole story."""
