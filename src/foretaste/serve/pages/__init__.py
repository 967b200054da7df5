"""The pages that people look at: templates, styles, scripts, and the texts in each language."""
