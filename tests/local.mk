# Tests on the real programs.
