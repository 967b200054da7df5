"""`python -m foretaste` is `foretaste`."""

from foretaste.cli.main import main

if __name__ == "__main__":
    main()
