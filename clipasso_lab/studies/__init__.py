"""Studies behind the numbers in docs/: run one with python -m clipasso_lab.studies.NAME."""
