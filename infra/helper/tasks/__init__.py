"""The tasks of helper pods, one module each; `register` names them."""
