"""The steps of root-condition analysis, one pure module each; `ml.conditions` puts them together."""
