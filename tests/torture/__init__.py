"""The tool killed, stopped and shared: `make torture`, or in short `python -m tests.torture --short FOLDER`."""
