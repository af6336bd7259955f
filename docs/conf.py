"""The documentation, built offline: Markdown in, HTML out, a warning is an error."""

import sys
from pathlib import Path

import rolecall

# The reference pages come first, so that Sphinx finds them.
sys.path.insert(0, str(Path(__file__).parent))
import generate

generate.write()

project = "Rolecall"
copyright = "the Rolecall maintainers"
author = "the Rolecall maintainers"
version = release = rolecall.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# README and CHANGELOG lie above this folder and are read where they are.
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

# SQL here has statements that no highlighter knows; they are shown as they are.
highlight_language = "text"
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"Rolecall {release}"
html_show_sourcelink = False
