"""`python -m web.cli`: the command line without an installed script."""

from web.cli import main

if __name__ == "__main__":
    main(prog_name="valetkey")
