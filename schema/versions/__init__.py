"""One module per step, named `NNNN_what.py`; its revision is the number. Steps form one line, without branches."""
